/** Pipes whose other end comes to harm. */

import {
  type Connection,
  EOFError,
  pipe,
  SharedArray,
} from "@multi/processing";
import {
  isEndedByOthers,
  meetEnd,
  meetFate,
  Party,
  type Plan,
} from "./party.ts";
import { Random } from "./random.ts";
import type { Round, Scenario } from "./round.ts";

/** A numbered message. */
interface Message {
  readonly n: number;
  readonly load: Uint8Array;
}

const SIZES = [0, 100, 3000, 30_000, 200_000];
const MOST = 5000;

/** Sends numbered messages, and notes how many; then it closes its end. */
export async function sendMessages(
  connection: Connection<Message>,
  sent: SharedArray<"i">,
  count: number,
  plan: Plan,
): Promise<void> {
  const random = new Random(plan.seed);
  const end = isEndedByOthers(plan) ? MOST : count;
  for (let n = 0; n < end; n++) {
    meetFate(plan, n);
    const load = new Uint8Array(random.pick(SIZES)).fill(n);
    if (random.oneOf(4)) connection.sendSync({ n, load });
    else await connection.send({ n, load });
    Atomics.store(sent.array, 0, n + 1);
  }
  await meetEnd(plan);
  connection.close();
}

/** Sends back what comes, until nothing more does. */
export async function echo(
  connection: Connection<Message>,
  sent: SharedArray<"i">,
  plan: Plan,
): Promise<void> {
  let n = 0;
  for await (const message of connection) {
    meetFate(plan, n);
    await connection.send(message);
    Atomics.store(sent.array, 0, ++n);
  }
  await meetEnd(plan);
}

/** Receives in all ways: so many, or all until the end; gives how many. */
async function receive(
  connection: Connection<Message>,
  most: number,
  random: Random,
  look: (message: Message, n: number) => void,
): Promise<number> {
  for (let n = 0; n < most;) {
    const signal = random.oneOf(5) && AbortSignal.timeout(random.below(4));
    try {
      if (random.oneOf(3)) await connection.poll({ timeout: random.below(3) });
      look(await connection.recv(signal ? { signal } : {}), n++);
    } catch (error) {
      if (error instanceof EOFError) return n;
      if (!signal || error !== signal.reason) throw error;
    }
  }
  return most;
}

/** Sends so many, or until nobody is there to receive; gives how many. */
async function send(
  connection: Connection<Message>,
  most: number,
  random: Random,
): Promise<number> {
  for (let n = 0; n < most; n++) {
    const load = new Uint8Array(random.pick(SIZES)).fill(n);
    try {
      await connection.send({ n, load });
    } catch (error) {
      if (error instanceof EOFError) return n;
      throw error;
    }
  }
  return most;
}

/** Pipes. */
export const pipes: Scenario = {
  name: "pipes",
  async run(round: Round) {
    const { random } = round;
    const sent = new SharedArray("i", 1);
    const isEcho = random.oneOf(2);
    const [ours, theirs] = pipe<Message>({ duplex: isEcho });
    const count = random.between(10, 300);
    const party = isEcho
      ? new Party(round, "echo", echo, (plan) => [theirs, sent, plan])
      : new Party(
        round,
        "sender",
        sendMessages,
        (plan) => [theirs, sent, count, plan],
      );
    theirs.close();
    const isEnded = isEndedByOthers(party.plan);
    const most = isEnded ? MOST : count;
    const sending = isEcho
      ? round.wait(
        `room for what is sent to ${party.name}`,
        send(ours, most, new Random(round.seed)),
      )
      : Promise.resolve(0);
    const receiving = round.wait(
      `what ${party.name} sends`,
      receive(ours, isEcho ? most : Infinity, random, ({ n, load }, at) => {
        round.equal(n, at, `the message from ${party.name}`);
        const isWhole = load.every((byte) => byte === (n & 255));
        round.check(isWhole, `message ${n} from ${party.name} is torn`);
      }),
    );
    const end = async () => {
      const all = await Promise.all([sending, receiving]);
      ours.close(); // by which an echo ends, if it has not yet
      return all;
    };
    const [[away, got]] = await Promise.all([
      end(),
      party.end(() => sent.array[0]! > 0),
    ]);
    const sure = sent.array[0]!;
    round.check(
      got >= sure,
      `${sure - got} of ${sure} messages of ${party.name} are lost`,
    );
    round.check(
      got - sure <= (isEnded ? 1 : 0),
      `${got - sure} messages came of ${party.name} that it had not sent`,
    );
    if (party.plan.fate === "end") {
      round.equal(got, count, `how many messages came of ${party.name}`);
    }
    round.did(got);
    round.lost(
      isEcho ? away - got : 0,
      "messages to one who ended before it received them",
    );
  },
};
