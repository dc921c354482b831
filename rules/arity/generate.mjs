// Facts about programs that others have collected: which sub-commands there are, which options take a value, which arguments are
// paths. Reads the completion descriptions of @withfig/autocomplete (MIT) and prints one line for each command:
//
//     docker cp<TAB>--archive :t :p
//
// `--name=` is an option that takes a value, `=p` one that takes a path, `=c` a command, a `?` behind it means that the value is
// optional; a bare `--name` is a switch where the program has an option of that name with a value elsewhere. Options that mean the
// same in the whole program stand in the program's own line. `:t :p :c` are the operands in order (text, path, command). `docker rmi<TAB>>docker image rm` is another name.
// Descriptions are left out; the order is that of the bytes, so that a reader can search it by halves.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const MAX_DEPTH = 6;
const folder = join(dirname(fileURLToPath(import.meta.url)), "node_modules/@withfig/autocomplete");
const build = join(folder, "build");
const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

const list = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);
const plain = (name) => typeof name === "string" && /^[^\s,=:?>]+$/.test(name);
const isPath = (arg) => list(arg.template).some((t) => t === "filepaths" || t === "folders");
const kind = (arg) => (arg.isCommand ? "c" : isPath(arg) ? "p" : "");

// Name → kind of the value, or undefined for a switch.
function options(spec) {
  const out = new Map();
  for (const o of list(spec.options)) {
    const args = list(o.args).filter((a) => typeof a === "object");
    const value = args.length === 0 ? undefined : `=${kind(args[0])}${args[0].isOptional ? "?" : ""}`;
    for (const name of list(o.name)) if (plain(name) && name.startsWith("-")) out.set(name, value);
  }
  return out;
}

async function load(spec) {
  const name = typeof spec.loadSpec === "string" ? spec.loadSpec : undefined;
  if (name === undefined) return typeof spec.loadSpec === "object" ? { ...spec.loadSpec, name: spec.name } : spec;
  try {
    const { default: inner } = await import(pathToFileURL(join(build, `${name}.js`)));
    return typeof inner === "object" ? { ...inner, name: spec.name } : spec;
  } catch {
    return spec;
  }
}

const commands = new Map(); // path → { options: Map(name → kind), operands }

async function visit(given, path, depth) {
  const spec = given.loadSpec && depth > 0 ? await load(given) : given;
  const operands = list(spec.args).filter((a) => typeof a === "object").map((a) => `:${kind(a) || "t"}`);
  if (!commands.has(path)) commands.set(path, { options: options(spec), operands });
  if (depth >= MAX_DEPTH) return;
  for (const sub of list(spec.subcommands)) {
    if (typeof sub !== "object") continue;
    const [first, ...others] = list(sub.name).filter((n) => plain(n) && !n.startsWith("-"));
    if (first === undefined) continue;
    await visit(sub, `${path} ${first}`, depth + 1);
    for (const other of others) if (!commands.has(`${path} ${other}`)) commands.set(`${path} ${other}`, { alias: `${path} ${first}` });
  }
}

// An option that means the same wherever a program has it stands once, with the program.
function hoisted(program) {
  const kinds = new Map();
  for (const [path, { options }] of commands) {
    if (path !== program && !path.startsWith(`${program} `)) continue;
    for (const [name, value] of options ?? []) kinds.set(name, kinds.has(name) && kinds.get(name) !== value ? "differs" : value);
  }
  return new Map([...kinds].filter(([, value]) => value !== "differs"));
}

function line(path, { alias, options, operands }, common) {
  if (alias !== undefined) return `${path}\t>${alias}`;
  const own = path.includes(" ") ? [...options].filter(([name]) => !common.has(name)) : [...new Map([...options, ...common])];
  // A switch says nothing, unless it overrides a value's option of the same name; so do text operands with nothing behind them.
  const flags = own.filter(([name, value]) => value !== undefined || !common.has(name) && path.includes(" ")).map(([name, value]) => name + (value ?? ""));
  while (operands.at(-1) === ":t") operands.pop();
  return `${path}\t${flags.sort().concat(operands).join(" ")}`;
}

for (const file of readdirSync(build).sort()) {
  if (!file.endsWith(".js") || file === "index.js") continue;
  const name = file.slice(0, -3);
  const { default: spec } = await import(pathToFileURL(join(build, file)));
  if (plain(name) && typeof spec === "object" && spec !== null) await visit(spec, name, 0);
}

const lines = [];
let program;
let common;
for (const [path, command] of commands) {
  const name = path.split(" ", 1)[0];
  if (name !== program) [program, common] = [name, hoisted(name)];
  lines.push(line(path, command, common));
}
lines.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
process.stdout.write(
  `# Made by rules/arity/generate.mjs from @withfig/autocomplete ${version}, (c) 2021 Hercules Labs Inc. (Fig), MIT license; do not edit.\n${lines.join("\n")}\n`,
);
