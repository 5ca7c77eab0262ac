/**
 * A command that stands between a client and a server, passes every byte on unchanged, and shows a line a frame:
 * TTHeader Streaming and gRPC, told apart by themselves.
 *
 * ```sh
 * deno run -NR jsr:@ttstream/ttstream/tap --listen 9000 --to 127.0.0.1:8888
 * deno run -NR jsr:@ttstream/ttstream/tap --help
 * ```
 *
 * When no connection is left, and at Ctrl-C, it shows the lives of the streams, and who ended each.
 *
 * @module
 */
import { runProgram } from "../cli/program.ts";
import { tap } from "./tap.ts";

if (import.meta.main) await runProgram("tap", tap);
