import { frame, good, join, typed } from "./bytes.ts";
import { answered, echoed, group, ignored, type Line, type Malformed } from "./case.ts";

const { header, data, trailer, rst, meta } = good;

const lines: readonly Line[] = [
  ["Data before the Header", data(), ignored],
  ["Trailer before the Header", trailer(), ignored],
  ["Rst before the Header", rst(), ignored],
  ["Data, then the Header and the rest", join(data(), header(), data(), trailer()), echoed],
  ["Rst, then the Header and the rest", join(rst(), header(), data(), trailer()), echoed],
  ["Data after the Trailer", join(header(), data(), trailer(), data()), echoed],
  ["the Trailer twice", join(header(), data(), trailer(), trailer()), echoed],
  ["a Rst after the Trailer, at once", join(header(), trailer(), rst()), ignored],
  ["a Rst twice", join(header(), rst(), rst()), ignored],
  ["Data and a Trailer after a Rst", join(header(), rst(), data(), trailer()), ignored],
  ["a second Header", join(header(), header()), answered("Header, Trailer 6")],
  ["a second Header after Data", join(header(), data(), header()), answered("Header, Trailer 6")],
  [
    "three Headers, Data, Trailer: the third is a new stream",
    join(header(), header(), header(), data(), trailer()),
    answered("Header, Trailer 6, Header, Data, Trailer"),
  ],
  ["a Header after a Rst: the id is free again", join(header(), rst(), header(), data(), trailer()), echoed],
  ["Meta after everything", join(header(), data(), trailer(), meta(1)), echoed],
  [
    "Data of another method",
    join(header(), frame({ blocks: typed("3", "other"), payload: data().subarray(0, 0) }), trailer()),
    answered("Header, Trailer 6"),
  ],
  [
    "1,000 Trailers for streams that are not there",
    join(...Array.from({ length: 1_000 }, (_, i) => trailer(1_000 + i))),
    ignored,
  ],
  [
    "1,000 Rsts for streams that are not there",
    join(...Array.from({ length: 1_000 }, (_, i) => rst(1_000 + i))),
    ignored,
  ],
];

export const order: readonly Malformed[] = group("order", lines);
