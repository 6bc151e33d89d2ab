/** What `--help` prints. */

import type { CommandName } from "./command_line.ts";
import { KEY_VARIABLE } from "./options.ts";

const RUN = "deno run -A jsr:@multi/processing/cli";

/** What each command does. */
const ABOUT: Record<CommandName, string> = {
  serve: "serves a queue of tasks and one of results",
  work: `\
takes tasks, which are calls of functions that MODULE exports, and puts
        their results`,
  status: "shows what is queued, running, done and failed, and who works",
};

const OF_ALL = `\
    --address ADDRESS     HOST:PORT, or the path of a unix socket
                          [127.0.0.1:8001]
    --authkey-file FILE   the secret that all sides share; or in the environment as
                          ${KEY_VARIABLE}`;

const OF_CLIENTS = `\
    --tls                 the server uses TLS
    --ca FILE             trust certificates that this one has signed (PEM)
    --hostname NAME       the name in the server's certificate [the address's]`;

/** The options of each alone. */
const OF: Record<CommandName, string> = {
  serve: `\
    --cert FILE, --key FILE   protect what goes over TCP by TLS (PEM)
    --retries N           how often a task is given to somebody else when its
                          worker has died, where it does not say itself [2]
    --maxsize N           how many tasks may be queued before who puts more has to
                          wait; 0: any number [0]
    --quiet               do not say who comes and goes`,
  work: `\
    --processes N         how many tasks are done at a time [one per core]
    --threads             by threads, not processes
    --name NAME           how status calls it [HOST-PID]
    --quiet               do not say what happens`,
  status: `\
    --once                print it once, as when stdout is no terminal
    --json                print it once, as JSON
    --interval MS         how often it is drawn anew [500]`,
};

const OF_WORK = `\

MODULE is a path or a URL. If it imports by the names of a deno.json, deno is to be
given that: deno run -A --config deno.json jsr:@multi/processing/cli work MODULE

The first Ctrl-C (SIGINT or SIGTERM) lets work finish what it has begun; the second
one ends it at once, and others are given what it had.
`;

const EXIT_CODES = `\

Exit codes: 0 it has ended as it was asked to; 1 it could not do it; 2 it was called
wrongly; 130 it was told to stop twice.`;

const HELP = `\
Tasks for workers on any machine.

    ${RUN} serve  [OPTIONS]
    ${RUN} work   [OPTIONS] MODULE
    ${RUN} status [OPTIONS]

serve   ${ABOUT.serve}
work    ${ABOUT.work}
status  ${ABOUT.status}

Of all:
${OF_ALL}
    --help, --version

Of serve:
${OF.serve}

Of work and status:
${OF_CLIENTS}

Of work:
${OF.work}

Of status:
${OF.status}
${OF_WORK}${EXIT_CODES}`;

/** The help about one command, or about all. */
export function helpOn(name: CommandName | null): string {
  if (name === null) return HELP;
  const options = name === "serve"
    ? [OF.serve, OF_ALL]
    : [OF[name], OF_ALL, OF_CLIENTS];
  return `\
${name} ${ABOUT[name].replace(/\n +/, "\n")}.

    ${RUN} ${name} [OPTIONS]${name === "work" ? " MODULE" : ""}

${options.join("\n")}
    --help
${name === "work" ? OF_WORK : ""}${EXIT_CODES}`;
}
