// Workers that die in the middle of their work, of which none is lost or done twice.
import {
  currentProcess,
  JoinableQueue,
  Process,
  SharedDict,
} from "@multi/processing";

interface Job {
  id: number;
  attempt: number;
}

/** Says what it is about to do, does it, and says that it is done. */
export async function work(
  jobs: JoinableQueue<Job>,
  claims: SharedDict<Job>,
  results: SharedDict<number, number>,
) {
  const { name } = currentProcess();
  for await (const job of jobs) {
    claims.set(name, job);
    if (job.id % 5 === 0 && job.attempt === 1) Deno.kill(Deno.pid, "SIGKILL");
    results.set(job.id, job.id ** 2);
    claims.delete(name);
    await jobs.taskDone();
  }
}

if (import.meta.main) {
  const jobs = new JoinableQueue<Job>();
  const claims = new SharedDict<Job>();
  const results = new SharedDict<number, number>();
  for (let id = 1; id <= 20; id++) await jobs.put({ id, attempt: 1 });

  /** Keeps one worker going, and gives what a dead one had to another. */
  const supervise = async (place: number) => {
    for (let deaths = 0;; deaths++) {
      const name = `worker ${place}, after ${deaths} deaths`;
      const args = [jobs, claims, results] as const;
      const worker = new Process({ target: work, args, name });
      worker.start();
      await worker.join();
      if (worker.exitcode === 0) return deaths;
      const job = claims.get(name);
      if (job === undefined) continue; // it had nothing
      claims.delete(name);
      await jobs.put({ ...job, attempt: job.attempt + 1 });
      await jobs.taskDone(); // the attempt that failed
    }
  };

  const supervisors = [1, 2].map(supervise);
  await jobs.join();
  await jobs.shutdown(); // ends the loops of the workers
  const deaths = await Promise.all(supervisors);
  console.log(`${deaths[0]! + deaths[1]!} workers died`);
  console.log(`${results.size} jobs are done`);
}
