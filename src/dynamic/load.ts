import type { MethodKind } from "../core/service.ts";
import { show } from "../base/format.ts";
import { check } from "../idl/check.ts";
import { IdlError } from "../idl/diagnostic.ts";
import { load, type Module } from "../idl/load.ts";
import { normalize } from "../idl/path.ts";
import { Resolver } from "../idl/resolve.ts";
import { Evaluator } from "../idl/value.ts";
import { readTextFile } from "../net/read_text_file.ts";
import type { JsonOptions } from "./json_options.ts";
import {
  type DynamicMethod,
  type DynamicMethods,
  type DynamicService,
  makeService,
  type MethodKinds,
} from "./service.ts";
import { Types } from "./types.ts";

/** What IDLs are loaded with. */
export interface LoadOptions extends JsonOptions {
  /**
   * The texts of included files, by the paths that `include` has. What is not among them is looked for as a file; beside
   * an IDL that is text only where no texts are given.
   */
  readonly includes?: Readonly<Record<string, string>> | undefined;
  /** Where else to look for included files, after the folder of the including file and the current one. */
  readonly includeDirs?: readonly string[] | undefined;
}

/** The same, with the methods that are to be there. */
export interface LoadServiceOptions<Kinds extends MethodKinds = MethodKinds> extends LoadOptions {
  /** The methods that are wanted, and their kinds: the service has these alone, and its type knows them. */
  readonly methods?: Kinds | undefined;
}

/** How the text of an IDL is called in errors. */
const TEXT_PATH = "idl.thrift";

/**
 * Loads all services that an IDL defines.
 *
 * @param idl The text of the IDL; a path or a `file:` URL of one. Text has braces: without one it is taken for a path.
 * @param options Where included files are, and how messages look as JSON.
 * @returns The services by name, in the order of their definition.
 * @throws {IdlError} When something is wrong with an IDL; the message says where: `FILE:LINE:COL: …`.
 * @throws {Error} When the file is not there, or may not be read.
 *
 * @example
 * ```ts
 * import { loadServices } from "@ttstream/ttstream/dynamic";
 *
 * const services = loadServices("service Chat { string Ask(1: string question) }");
 * console.log([...services.keys()]); // ["Chat"]
 * ```
 */
export function loadServices(idl: string | URL, options: LoadOptions = {}): Map<string, DynamicService> {
  checkOptions(options);
  const root = rootOf(idl);
  const modules = load([root.path], reader(root, options), options.includeDirs);
  const resolver = new Resolver();
  const evaluator = new Evaluator(resolver);
  for (const module of modules) check(module, resolver, evaluator);
  if (resolver.diagnostics.length > 0) throw new IdlError(resolver.diagnostics);
  const context = { resolver, types: new Types(resolver, evaluator), options };
  const services = new Map<string, DynamicService>();
  for (const definition of rootModule(modules).document.definitions) {
    if (definition.kind !== "service") continue;
    services.set(definition.name.text, makeService(rootModule(modules), definition, context));
  }
  return services;
}

/**
 * Loads a service from an IDL: what `createClient` and `implement` take, without generated code. Its methods have the
 * names of the IDL, and their messages are JSON: an object for a struct, see the tables of `./thrift`. The request of a
 * unary method is the JSON of its argument, an object of several, `null` where it has none; the response of `void` is
 * `null`. Exceptions that the IDL declares are {@linkcode DynamicException}s.
 *
 * @param idl The text of the IDL; a path or a `file:` URL of one. Text has braces: without one it is taken for a path.
 * @param name The service; may be left out where the IDL has one.
 * @param options Where included files are, how messages look as JSON, and the methods that are wanted.
 * @throws {IdlError} When something is wrong with an IDL; the message says where: `FILE:LINE:COL: …`.
 * @throws {TypeError} When there is no such service, or it has not the methods that are wanted.
 * @throws {Error} When the file is not there, or may not be read.
 *
 * @example
 * ```ts
 * import { loadService } from "@ttstream/ttstream/dynamic";
 *
 * const Chat = loadService(
 *   `struct Question { 1: string text }
 *    struct Word { 1: string text }
 *    service Chat { Word Ask(1: Question question) (streaming.mode = "server") }`,
 *   "Chat",
 *   { methods: { Ask: "server" } },
 * );
 * console.log(Chat.methods.Ask.request.encode({ text: "Why?" }).length); // 12
 * ```
 */
export function loadService<const Kinds extends MethodKinds>(
  idl: string | URL,
  name: string | undefined,
  options: LoadServiceOptions<Kinds> & { readonly methods: Kinds },
): DynamicService<DynamicMethods<Kinds>>;
/**
 * Loads a service with all of its methods; {@linkcode selectMethods} gives it a type that knows them.
 *
 * @param idl The text of the IDL; a path or a `file:` URL of one. Text has braces: without one it is taken for a path.
 * @param name The service; may be left out where the IDL has one.
 * @param options Where included files are, and how messages look as JSON.
 * @throws {IdlError} When something is wrong with an IDL; the message says where: `FILE:LINE:COL: …`.
 * @throws {TypeError} When there is no such service.
 * @throws {Error} When the file is not there, or may not be read.
 */
export function loadService(idl: string | URL, name?: string, options?: LoadOptions): DynamicService;
export function loadService(
  idl: string | URL,
  name?: string,
  options: LoadServiceOptions = {},
): DynamicService {
  const services = loadServices(idl, options);
  const names = [...services.keys()];
  const wanted = name ?? names[0];
  const service = wanted === undefined ? undefined : services.get(wanted);
  const list = names.length === 0 ? "none" : names.join(", ");
  if (service === undefined) {
    throw new TypeError(`${placeOf(idl)}: expected the service ${wanted ?? "to be loaded"}, found ${list}`);
  }
  if (name === undefined && names.length > 1) {
    throw new TypeError(`${placeOf(idl)}: expected the name of one of the services ${list}`);
  }
  return options.methods === undefined ? service : selectMethods(service, options.methods);
}

/**
 * The service with some of its methods, in a type that knows their kinds.
 *
 * @param service A service with methods of any kinds.
 * @param kinds The methods that are wanted, and their kinds.
 * @throws {TypeError} When the service has no such method, or it is of another kind.
 *
 * @example
 * ```ts ignore
 * const chat = createClient(selectMethods(Chat, { Ask: "server" }), connection);
 * for await (const word of chat.Ask({ text: "Why?" })) console.log(word);
 * ```
 */
export function selectMethods<const Kinds extends MethodKinds>(
  service: DynamicService,
  kinds: Kinds,
): DynamicService<DynamicMethods<Kinds>>;
export function selectMethods(service: DynamicService, kinds: MethodKinds): DynamicService {
  const methods = Object.entries(kinds).map(([name, kind]) => [name, methodOf(service, name, kind)]);
  return { ...service, methods: Object.fromEntries(methods) };
}

function methodOf({ name: service, methods }: DynamicService, name: string, kind: MethodKind): DynamicMethod {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    throw new TypeError(`${service} has no method ${show(name)}, only ${Object.keys(methods).join(", ")}`);
  }
  if (method.kind !== kind) {
    throw new TypeError(`${service}.${name} is ${show(method.kind)}, not ${show(kind)}`);
  }
  return method;
}

function checkOptions({ i64, enums, unknownFields }: LoadOptions): void {
  const checks = [
    ["i64", i64, ["string", "number"]],
    ["enums", enums, ["name", "number"]],
    ["unknownFields", unknownFields, ["error", "skip"]],
  ] as const;
  for (const [option, value, words] of checks) {
    if (value !== undefined && !words.some((word) => word === value)) {
      throw new TypeError(`${option} must be ${words.map(show).join(" or ")}, got ${show(value)}`);
    }
  }
}

interface Root {
  readonly path: string;
  /** `undefined` where it is a file. */
  readonly text: string | undefined;
}

function rootOf(idl: string | URL): Root {
  if (idl instanceof URL) return { path: filePath(idl), text: undefined };
  if (typeof idl !== "string") throw new TypeError(`idl must be text, a path or a URL, got ${show(idl)}`);
  return idl.includes("{") ? { path: TEXT_PATH, text: idl } : { path: slashed(idl), text: undefined };
}

function placeOf(idl: string | URL): string {
  return rootOf(idl).path;
}

/** The path of a `file:` URL, with forward slashes on Windows too. */
function filePath(url: URL): string {
  if (url.protocol !== "file:") throw new TypeError(`idl must be a file: URL, got ${url.href}`);
  return decodeURIComponent(url.pathname).replace(/^\/(?=[A-Za-z]:\/)/, "");
}

function slashed(path: string): string {
  return /^[A-Za-z]:\\|^\.{0,2}\\/.test(path) ? path.replaceAll("\\", "/") : path;
}

/** What reads the root and what it includes. */
function reader(root: Root, { includes }: LoadOptions): (path: string) => string | undefined {
  const texts = new Map(Object.entries(includes ?? {}).map(([path, text]) => [normalize(path), text]));
  if (root.text !== undefined && !texts.has(root.path)) texts.set(root.path, root.text);
  const readsFiles = root.text === undefined || includes === undefined;
  return (path) => texts.get(path) ?? (readsFiles ? readTextFile(path) : undefined);
}

/** The one that was asked for is the last: each comes after those that it includes. */
function rootModule(modules: readonly Module[]): Module {
  const module = modules.at(-1);
  if (module === undefined) throw new TypeError("an IDL is a module");
  return module;
}
