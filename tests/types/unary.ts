import type { Program, WrongProgram } from "./program.ts";

/** Unary methods, and codecs that write more than they read: what must compile. */
export const rightUnary: readonly Program[] = [
  {
    name: "a unary call as a promise, as a call, and in a scope",
    code: `const promise: Promise<string> = asking.ask(5);
const call: UnaryCall<string> = asking.ask(5, { timeoutMs: 5 });
(await call).trim();
call.then((response) => response.trim()).catch(() => 5).finally(() => {});
const header: Metadata = await call.header;
await call.trailer;
await call.closed;
await call.cancel("enough");
await using scoped = asking.ask(5);
const [first] = await Promise.all([asking.ask(1), promise, scoped]);
first.trim();
void header;`,
  },
  {
    name: "a unary method as a function, an async function and a class",
    code: `implement(Ask, { ask: (request) => request.toFixed() });
implement(Ask, { ask: async (request, stream) => {
  stream.header.set("a", "b");
  stream.sendHeader();
  return await asking.ask(request, { parent: stream, signal: stream.signal });
} });
class Answers implements Implementation<typeof Ask.methods> {
  ask(request: number, stream: UnaryServerStream) { return stream.method + request; }
}
implement(Ask, new Answers());`,
  },
  {
    name: "wrapStream for a unary call",
    code: `const call = asking.ask(5);
const wrapped: UnaryCall<string> = wrapStream(call, { response: call.then((text) => text.trim()), header: call.header });
void wrapped;`,
  },
  {
    name: "what is written leaves out what has a default, and what is read has it",
    code: `(await orders.one({ id: 1 })).items.join();
const talk = orders.talk();
await talk.send({ id: 1 });
for await (const message of talk) message.items.join();
for await (const message of orders.list({ id: 1 })) message.items.join();
const upload = orders.upload();
await upload.sendAll([{ id: 1 }]);
(await upload.response).items.join();
implement(Orders, {
  one: (request) => ({ id: request.items.length }),
  async *talk({ readable }) { for await (const { items } of readable) yield { id: items.length }; },
  async list(request, stream) { await stream.send({ id: request.items.length }); },
  upload: async ({ readable }) => ({ id: (await Array.fromAsync(readable, ({ items }) => items.length)).length }),
});
const general: Codec<unknown> = order;
void general;`,
  },
];

/** What must not. */
export const wrongUnary: readonly WrongProgram[] = [
  {
    name: "a unary call without its request",
    code: `asking.ask(); // wrong`,
    says: /Expected 1-2 arguments/,
  },
  {
    name: "a unary request of another type",
    code: `asking.ask("five"); // wrong`,
    says: /'string' is not assignable to parameter of type 'number'/,
  },
  {
    name: "a unary response of another type",
    code: `const response: number = await asking.ask(5); // wrong\nvoid response;`,
    says: /'string' is not assignable to type 'number'/,
  },
  {
    name: "for await over a unary call",
    code: `for await (const _ of asking.ask(5)) break; // wrong`,
    says: /Symbol.asyncIterator/,
  },
  {
    name: "response of a unary call, which is its own",
    code: `asking.ask(5).response; // wrong`,
    says: /Property 'response' does not exist/,
  },
  {
    name: "a unary method that returns nothing",
    code: `implement(Ask, { ask() {} }); // wrong`,
    says: /'void' is not assignable/,
  },
  {
    name: "a unary method that is a generator",
    code: `implement(Ask, { async *ask() { yield "a"; } }); // wrong`,
    says: /is not assignable to type/,
  },
  {
    name: "send in a unary method",
    code: `implement(Ask, { async ask(_request, stream) {
  await stream.send("a"); // wrong
  return "b";
} });`,
    says: /Property 'send' does not exist/,
  },
  {
    name: "readable in a unary method",
    code: `implement(Ask, { ask: (_request, stream) => stream.readable }); // wrong`,
    says: /Property 'readable' does not exist/,
  },
  {
    name: "a message without what has no default",
    code: `orders.one({ items: [] }); // wrong`,
    says: /Property 'id' is missing/,
  },
  {
    name: "a side of a unary call that is to be replaced",
    code: `wrapStream(asking.ask(5), { readable: new ReadableStream<string>() }); // wrong`,
    says: /No overload matches|'readable' does not exist/,
  },
];
