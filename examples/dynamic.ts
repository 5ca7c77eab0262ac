/**
 * A service from the text of an IDL, without generated code: messages are JSON, exceptions have the IDL's names.
 *
 *     deno run -N examples/dynamic.ts
 */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
import { DynamicException, loadService } from "@ttstream/ttstream/dynamic";

const Bank = loadService(
  `enum Kind { PAYMENT, GIFT }
   struct Entry { 1: i64 amount; 2: Kind kind = Kind.PAYMENT; 3: optional binary receipt }
   exception Overdrawn { 1: i64 missing }

   service Bank {
     i64 Withdraw(1: i64 amount) throws (1: Overdrawn overdrawn)
     Entry History(1: Entry since) (streaming.mode = "server")
   }`,
  "Bank",
  { methods: { Withdraw: "unary", History: "server" } },
);

let balance = 9_007_199_254_740_993n;

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Bank, {
    Withdraw(amount) {
      const left = balance - BigInt(String(amount));
      if (left < 0n) throw Bank.exception("Overdrawn", { missing: String(-left) });
      balance = left;
      return String(left);
    },
    async *History(since) {
      yield since;
      yield { amount: "5", kind: "GIFT", receipt: btoa("thanks") };
    },
  }),
);

await using connection = await connect({ ...server.addr });
const bank = createClient(Bank, connection);

console.log("left:", await bank.Withdraw("9007199254740992"));
for await (const entry of bank.History({ amount: 7 })) console.log(JSON.stringify(entry));
try {
  await bank.Withdraw(3);
} catch (error) {
  if (!(error instanceof DynamicException)) throw error;
  console.log(error.name, JSON.stringify(error.fields));
}
try {
  await bank.Withdraw("much");
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
