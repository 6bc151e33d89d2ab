// One variable, another value in each thread.
import { currentThread, local, Thread } from "@multi/processing";

const school = local<{ student: string }>();

function greet() {
  console.log(`Hello, ${school.student} (in ${currentThread().name})`);
}

export function study(student: string) {
  school.student = student;
  greet();
}

if (import.meta.main) {
  const a = new Thread({ target: study, args: ["Alice"], name: "Thread-A" });
  const b = new Thread({ target: study, args: ["Bob"], name: "Thread-B" });
  a.start();
  b.start();
  await Promise.all([a.join(), b.join()]);
}
