/** The gateway: HTTP and server-sent events for the page in front, a stream to ServiceA behind. */
import { type Address, createClient, createPool, type Protocol, ttheader } from "@ttstream/ttstream";
import { Answer, problemOf } from "./answer.ts";
import type { Chains } from "./chain.ts";
import { Assistant } from "./gen/chat.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { pageFile } from "./page_files.ts";
import { EVENT_STREAM_HEADERS, eventStream } from "./sse.ts";

/** The largest question, in characters. */
const MAX_QUESTION = 4_000;

/** The largest request, in bytes: a question of characters that JSON writes as `\u0000`, and its id. */
const MAX_BODY_BYTES = 6 * MAX_QUESTION + 1_024;

export interface GatewayOptions {
  /** Default 127.0.0.1; 0.0.0.0 lets phones in the same network in. */
  readonly hostname?: string | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Where ServiceA listens. */
  readonly serviceA: Address;
  /** What is spoken with it. Default `ttheader()`. */
  readonly protocol?: Protocol | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Shows the chain; its observer is the gateway's. */
  readonly chains: Chains;
}

/** A gateway that listens. */
export interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly finished: Promise<void>;
}

/** Starts the gateway. The end of its scope ends it, and all that it asks for. */
export function startGateway(options: GatewayOptions): Gateway {
  const { hostname = "127.0.0.1", port = 0, serviceA, protocol = ttheader(), chains } = options;
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits };
  const pool = createPool({
    addresses: [serviceA],
    serviceName: "Gateway",
    protocol,
    observers: [chains.observer("Gateway")],
  });
  const assistant = createClient(Assistant, pool);
  /** The answers on their way, by the id that their page gave them. */
  const answers = new Map<string, Answer>();
  let asked = 0;

  async function ask(request: Request): Promise<Response> {
    // Read before it is known to be small, it would be as large as somebody likes.
    const bytes = Number(request.headers.get("content-length") ?? NaN);
    if (!(bytes <= MAX_BODY_BYTES)) return problem(413, tooLarge("request", bytes, MAX_BODY_BYTES, "bytes"));
    const question = await questionOf(request);
    if (question !== undefined && question.text.length > MAX_QUESTION) {
      return problem(413, tooLarge("question", question.text.length, MAX_QUESTION, "characters"));
    }
    if (question === undefined) return problem(400, `a question is {"id": "…", "text": "…"}`);
    if (answers.has(question.id)) return problem(409, "there is an answer of that id on its way");
    const answer = new Answer(assistant, { ...question, left: request.signal, limits });
    asked++;
    answers.set(question.id, answer);
    answer.ended.then(() => answers.delete(question.id));
    try {
      const first = await answer.begin();
      const events = answer.events(first, () => chains.picture(question.id));
      return new Response(eventStream(events, limits.heartbeatMs), { headers: EVENT_STREAM_HEADERS });
    } catch (error) {
      const { status, message } = problemOf(error);
      return problem(status, message);
    }
  }

  async function route(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, api, what, id = "", verb = ""] = pathname.split("/");
    if (api !== "api") return request.method === "GET" ? await pageFile(pathname) : problem(405, "GET only");
    switch (`${request.method} ${what} ${verb}`) {
      case "POST answers ":
        return await ask(request);
      case "POST answers keep":
        await answers.get(id)?.keep();
        return done();
      case "POST answers heard":
        answers.get(id)?.heard();
        return done();
      case "GET chains ": {
        const picture = chains.picture(id);
        return picture === undefined ? problem(404, "no such chain") : json(picture);
      }
      case "GET info ":
        return json({ protocol: protocol.name, limits, asked, open: chains.open });
      default:
        return problem(404, "there is nothing here");
    }
  }

  const http = Deno.serve({ hostname, port, onListen() {} }, route);
  return {
    url: urlOf(hostname, http.addr.port),
    finished: http.finished,
    async [Symbol.asyncDispose]() {
      // What is on its way ends with its stream, and so does its HTTP answer.
      await pool[Symbol.asyncDispose]();
      await http.shutdown();
    },
  };
}

/** What a page asks; `undefined` where it is none. Other sites cannot send JSON here: a browser asks before it does. */
async function questionOf(request: Request): Promise<{ id: string; text: string } | undefined> {
  if (request.headers.get("content-type") !== "application/json") return undefined;
  try {
    const body: unknown = await request.json();
    if (typeof body !== "object" || body === null || !("id" in body && "text" in body)) return undefined;
    const { id, text } = body;
    if (typeof id !== "string" || !/^[\w-]{8,64}$/.test(id)) return undefined;
    return typeof text === "string" ? { id, text } : undefined;
  } catch {
    return undefined; // no JSON
  }
}

/** Where a browser on this machine finds it. */
function urlOf(hostname: string, port: number): string {
  const host = { "0.0.0.0": "127.0.0.1", "::": "::1" }[hostname] ?? hostname;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;
}

function tooLarge(what: string, size: number, limit: number, unit: string): string {
  return `the ${what} has ${
    Number.isNaN(size) ? "an unknown number of" : size
  } ${unit}, the limit is ${limit}`;
}

function json(value: unknown, status = 200): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store" } });
}

function problem(status: number, message: string): Response {
  return json({ status, message }, status);
}

function done(): Response {
  return new Response(null, { status: 204 });
}
