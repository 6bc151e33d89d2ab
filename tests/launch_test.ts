import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { bootModule } from "../internal/launch/boot.ts";
import { isUserModule } from "../internal/launch/call_site.ts";
import { exitCodeOf } from "../internal/launch/exit_code.ts";
import { filePath, fileUrl } from "../internal/launch/file_url.ts";
import { permissionFlags } from "../internal/launch/permissions.ts";
import { readFlags } from "../internal/launch/read_flags.ts";

describe("the flags of a program", () => {
  const cwd = "/some/folder";
  const selected: [string, string[], string[]][] = [
    ["none", ["run", "-A", "main.ts"], []],
    ["a config file", ["run", "-c", "a.json", "main.ts"], [
      `--config=${cwd}/a.json`,
    ]],
    ["an absolute one", ["run", "--config=/x/a.json", "main.ts"], [
      "--config=/x/a.json",
    ]],
    [
      "a remote import map",
      ["run", "--import-map", "https://x/m.json", "m.ts"],
      [
        "--import-map=https://x/m.json",
      ],
    ],
    ["a lock file", ["run", "--lock=a.lock", "--frozen", "main.ts"], [
      `--lock=${cwd}/a.lock`,
      "--frozen",
    ]],
    [
      "modes",
      ["test", "--no-lock", "--unstable-kv", "--no-check", "--no-npm"],
      [
        "--no-lock",
        "--unstable-kv",
        "--no-npm",
      ],
    ],
  ];
  for (const [what, line, flags] of selected) {
    it(`reach its children: ${what}`, () => {
      assertEquals(readFlags(line, cwd), {
        passed: flags,
        coverage: null,
        importHosts: [],
      });
    });
  }

  it("say from where it may import", () => {
    const line = ["run", "-I=a.b,c:80", "--allow-import=[::1]:1", "main.ts"];
    assertEquals(readFlags(line, cwd).importHosts, ["a.b", "c:80", "[::1]:1"]);
    for (const flag of ["--allow-import", "-I", "-A"]) {
      assertEquals(readFlags(["run", flag, "a.ts"], cwd).importHosts, []);
    }
    assertEquals(
      readFlags(["run", "--deny-import=a.b", "main.ts"], cwd).passed,
      ["--deny-import=a.b"],
    );
  });

  it("say where it is written down which code was run", () => {
    const folder = (flag: string) =>
      readFlags(["test", flag, "main.ts"], cwd).coverage;
    assertEquals(folder("--coverage=here"), `${cwd}/here`);
    assertEquals(folder("--coverage=/there"), "/there");
    assertEquals(folder("--coverage"), `${cwd}/coverage`);
    assertEquals(folder("--coverage-raw-data-only"), null);
  });
});

describe("the flags of a child's permissions", () => {
  it("are -A where the parent has all and they are inherited", () => {
    assertEquals(permissionFlags("inherit", []), ["-A"]);
  });

  it("are none where there are to be none", () => {
    assertEquals(permissionFlags("none", []), []);
    assertEquals(permissionFlags({}, []), []);
    assertEquals(permissionFlags({ read: false, net: [] }, []), []);
  });

  it("list what is asked for", () => {
    assertEquals(
      permissionFlags(
        {
          read: [new URL("file:///a%20b"), "c"],
          net: true,
          env: "inherit",
          sys: ["hostname"],
        },
        [],
      ),
      [
        `--allow-read=/a b,${Deno.cwd()}/c`,
        "--allow-net",
        "--allow-env",
        "--allow-sys=hostname",
      ],
    );
  });

  it("mean this process's folder, where a path begins at that", () => {
    const cwd = Deno.cwd();
    assertEquals(
      permissionFlags({
        write: ["."],
        ffi: ["./lib.so"],
        run: ["./tool", "cat", "/bin/cat"],
      }, []),
      [
        `--allow-write=${cwd}/.`,
        `--allow-run=${cwd}/./tool,cat,/bin/cat`,
        `--allow-ffi=${cwd}/./lib.so`,
      ],
    );
  });

  it("let it import the modules without which it cannot begin", () => {
    const [flag] = permissionFlags("none", [
      "http://127.0.0.1:8080/mod.ts",
      "https://example.com/tasks.ts",
      "https://jsr.io/@multi/processing/1.0.0/mod.ts",
      "file:///main.ts",
    ]);
    const hosts = flag!.split("=")[1]!.split(",");
    assertEquals(hosts.includes("jsr.io:443"), true);
    assertEquals(hosts.slice(-2), ["127.0.0.1:8080", "example.com:443"]);
  });

  it("are refused where they are no permissions", () => {
    assertThrows(
      () => permissionFlags({ disk: true } as never, []),
      TypeError,
      'there is no permission "disk"',
    );
    assertThrows(
      () => permissionFlags({ read: "/tmp" } as never, []),
      TypeError,
      "permissions.read",
    );
    assertThrows(() => permissionFlags("all" as never, []), TypeError);
    assertThrows(
      () => permissionFlags({ read: [5] } as never, []),
      TypeError,
      "its entries must be strings or URLs",
    );
    for (const path of ["", "/a,b"]) {
      assertThrows(
        () => permissionFlags({ read: [path] }, []),
        TypeError,
        "no entry that is empty or has a comma",
      );
    }
  });
});

describe("a boot module", () => {
  it("awaits, so that it is on the stack, and exports no target", () => {
    assertEquals(isUserModule(bootModule(["file:///main.ts"])), false);
  });
});

describe("paths and URLs", () => {
  it("become each other", () => {
    for (const path of ["/a/b.ts", "/with space/100%/ü#?.ts"]) {
      assertEquals(filePath(fileUrl(path)), path);
    }
  });

  it("survive in a boot module, whatever is in them", () => {
    const url = `file:///a"b'c\\d%25#?.ts`;
    const code = decodeURIComponent(bootModule([url]));
    assertEquals(code.includes(`()=>import(${JSON.stringify(url)})`), true);
  });
});

describe("an exit code", () => {
  const ended = (code: number, signal: Deno.Signal | null = null) =>
    ({ code, signal, success: code === 0 }) as const;

  it("is below 0 where a signal has ended the process", () => {
    assertEquals(exitCodeOf(ended(0), null), 0);
    assertEquals(exitCodeOf(ended(1), "SIGTERM", "linux"), 1);
    assertEquals(exitCodeOf(ended(137, "SIGKILL"), "SIGTERM"), -9);
  });

  it("is so on Windows where the signal came from here", () => {
    assertEquals(exitCodeOf(ended(1), "SIGKILL", "windows"), -9);
    assertEquals(exitCodeOf(ended(1), 15, "windows"), -15);
    assertEquals(exitCodeOf(ended(0), "SIGTERM", "windows"), 0);
    assertEquals(exitCodeOf(ended(1), null, "windows"), 1);
    assertEquals(exitCodeOf(ended(1), 0, "windows"), 1);
    assertEquals(exitCodeOf(ended(1), "SIGUSR1", "windows"), 1);
  });

  it("is never below 0 on Windows for what has crashed", () => {
    const code = 0xC0000005 | 0;
    assertEquals(exitCodeOf(ended(code), null, "windows"), 0xC0000005);
  });
});
