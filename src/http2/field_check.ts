import type { HeaderField } from "./hpack/field.ts";
import { show } from "../base/format.ts";

/*
 * What makes a header section malformed (RFC 9113 8.1.1 to 8.3.2). Each check returns what is wrong, or undefined.
 */

/** The fields that belong to an HTTP/1.1 connection (RFC 9113 8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Checks a request's header section. */
export function requestFault(fields: readonly HeaderField[]): string | undefined {
  let method: string | undefined;
  let scheme: string | undefined;
  let path: string | undefined;
  let authority: string | undefined;
  let host: string | undefined;
  let regular = false;
  for (const [name, value] of fields) {
    if (name.charCodeAt(0) === COLON) {
      if (regular) return `the pseudo-header field ${name} comes after a regular one`;
      let before: string | undefined;
      if (name === ":method") [before, method] = [method, value];
      else if (name === ":scheme") [before, scheme] = [scheme, value];
      else if (name === ":path") [before, path] = [path, value];
      else if (name === ":authority") [before, authority] = [authority, value];
      else return `a request has no pseudo-header field ${show(name)}`;
      if (before !== undefined) return `the pseudo-header field ${name} comes twice`;
      const fault = valueFault(name, value);
      if (fault !== undefined) return fault;
      continue;
    }
    regular = true;
    const fault = fieldFault(name, value);
    if (fault !== undefined) return fault;
    if (name === "te" && value.toLowerCase() !== "trailers") return `te is ${show(value)}, not trailers`;
    if (name === "host") host = value;
  }
  if (method === undefined || method === "") return "a request has no :method";
  if (method === "CONNECT") {
    if (scheme !== undefined || path !== undefined) return "a CONNECT request has a :scheme or a :path";
    return authority === undefined ? "a CONNECT request has no :authority" : undefined;
  }
  if (scheme === undefined || scheme === "") return "a request has no :scheme";
  if (path === undefined || path === "") return "a request has no :path";
  if (host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase()) {
    return `host ${show(host)} is not :authority ${show(authority)}`;
  }
}

/** Checks a response's header section, interim or final. */
export function responseFault(fields: readonly HeaderField[]): string | undefined {
  let status: string | undefined;
  let regular = false;
  for (const [name, value] of fields) {
    if (name.charCodeAt(0) === COLON) {
      if (regular) return `the pseudo-header field ${name} comes after a regular one`;
      if (name !== ":status") return `a response has no pseudo-header field ${show(name)}`;
      if (status !== undefined) return "the pseudo-header field :status comes twice";
      status = value;
      continue;
    }
    regular = true;
    const fault = fieldFault(name, value);
    if (fault !== undefined) return fault;
  }
  if (status === undefined) return "a response has no :status";
  if (!/^[1-9][0-9][0-9]$/.test(status)) return `:status is ${show(status)}`;
  // RFC 9113 8.6: there is no upgrade.
  if (status === "101") return ":status is 101";
}

/** Checks a trailer section. */
export function trailersFault(fields: readonly HeaderField[]): string | undefined {
  for (const [name, value] of fields) {
    if (name.charCodeAt(0) === COLON) return `trailers have the pseudo-header field ${show(name)}`;
    const fault = fieldFault(name, value);
    if (fault !== undefined) return fault;
  }
}

/**
 * Checks fields that are to be sent: names and values alone, the rest is the caller's.
 *
 * @throws {TypeError} If a name or a value has a character that it cannot have.
 */
export function checkSendable(fields: readonly HeaderField[]): void {
  for (const [name, value] of fields) {
    const fault = name.charCodeAt(0) === COLON ? valueFault(name, value) : fieldFault(name, value);
    if (fault !== undefined) throw new TypeError(`the header field cannot be sent: ${fault}`);
  }
}

/**
 * The value of content-length, in bytes; undefined where there is none, and a text where it is no number, or two.
 */
export function contentLength(fields: readonly HeaderField[]): number | string | undefined {
  let length: number | undefined;
  for (const [name, value] of fields) {
    if (name !== "content-length") continue;
    const read = /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
    if (read === undefined) return `content-length is ${show(value)}`;
    if (length !== undefined && length !== read) return `content-length is both ${length} and ${read}`;
    length = read;
  }
  return length;
}

/** The value of the first field of that name. */
export function fieldValue(fields: readonly HeaderField[], name: string): string | undefined {
  for (const field of fields) if (field[0] === name) return field[1];
}

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

function fieldFault(name: string, value: string): string | undefined {
  if (name === "") return "a field has no name";
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    // RFC 9113 8.2.1: no controls, no space, no upper case, nothing beyond ASCII, no colon.
    if (code <= SPACE || code >= 0x7f || (code >= 0x41 && code <= 0x5a) || code === COLON) {
      return `the field name ${show(name)} has the character ${hex(code)} at ${i}`;
    }
  }
  if (CONNECTION_FIELDS.has(name)) return `the field ${name} belongs to HTTP/1.1 connections`;
  return valueFault(name, value);
}

/** A value may be a secret: what is said of it is its bad character alone. */
function valueFault(name: string, value: string): string | undefined {
  const { length } = value;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0x0d && code <= 0xff) continue;
    if (code === 0 || code === 0x0a || code === 0x0d || code > 0xff) {
      return `the value of ${name} has the character ${hex(code)} at ${i}`;
    }
  }
  if (length > 0 && (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(length - 1)))) {
    return `the value of ${name} begins or ends with a blank`;
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, "0")}`;
}
