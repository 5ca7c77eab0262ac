/**
 * A command that calls a method of a service from the shell: its messages are JSON, its types from a Thrift IDL or, at a
 * gRPC server that tells them, from the server itself.
 *
 * ```sh
 * deno run -NR jsr:@ttstream/ttstream/call --idl chat.thrift 127.0.0.1:8888 Chat/Ask -d '{"text":"hi"}'
 * deno run -NR jsr:@ttstream/ttstream/call --help
 * ```
 *
 * Each response is a line of JSON. Ctrl-C cancels the call, and the exit code tells how it ended.
 *
 * @module
 */
import { runProgram } from "../cli/program.ts";
import { call } from "./call.ts";

if (import.meta.main) await runProgram("call", call);
