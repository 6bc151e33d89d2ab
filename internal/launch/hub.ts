/** Does for threads what only the main thread can do, or had better do. */

import { decode } from "../wire/decode.ts";
import { Child, type ChildPlan } from "./child.ts";
import { answerSync } from "./reply.ts";
import { encodeError, Report } from "./report.ts";
import { strike } from "./roster.ts";
import { RunningThread } from "./running_thread.ts";
import { startBy } from "./start_child.ts";
import type { Answer, Ask, ThreadPlan } from "./thread_messages.ts";
import type { Server } from "./thread_worker.ts";

/** Serves the threads of one Worker, which number what they ask for. */
export function newServer(): Server {
  const children = new Map<number, Child>();
  const threads = new Map<number, RunningThread>();

  function startProcess(
    id: number,
    { plan, reply }: Extract<Ask, { to: "start process" }>,
    answer: (answer: Answer) => void,
  ): void {
    let child: Child;
    try {
      child = new Child(decode(plan) as ChildPlan);
    } catch (error) {
      const report = encodeError(Report.ERROR, error);
      answerSync(reply, { is: "failed", report });
      return answer({ is: "failed", report });
    }
    const started: Answer = { is: "started", pid: child.pid };
    answerSync(reply, started);
    answer(started);
    children.set(id, child);
    const report = () => child.outcome?.report ?? null;
    child.reported.then(() => {
      // At its end, the one answer says both.
      if (child.exitcode === null) answer({ is: "reported", report: report() });
    });
    child.ended.then((exitcode) => {
      children.delete(id);
      const { lastWords } = child;
      answer({ is: "exited", report: report(), exitcode, lastWords });
    });
  }

  function startThread(
    id: number,
    plan: ThreadPlan,
    answer: (answer: Answer) => void,
  ): void {
    let thread: RunningThread;
    try {
      thread = new RunningThread(plan, newServer);
    } catch (error) {
      strike(plan.slot);
      const report = encodeError(Report.ERROR, error);
      return answer({ is: "ended", end: { report } });
    }
    threads.set(id, thread);
    thread.ended.then(() => {
      threads.delete(id);
      const { outcome, lost } = thread;
      const end = outcome ? { report: outcome.report! } : lost!;
      answer({ is: "ended", end });
    });
  }

  return (id, ask, answer) => {
    switch (ask.to) {
      case "start process":
        return startProcess(id, ask, answer);
      case "kill process":
        return children.get(ask.started)?.kill(ask.signal);
      case "start thread":
        return startThread(id, ask.plan, answer);
      case "terminate thread":
        return threads.get(ask.started)?.terminate();
      case "wake thread":
        return threads.get(ask.started)?.wake();
      case "start by":
        return startBy(ask.settings);
    }
  };
}
