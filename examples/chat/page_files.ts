/** The page: files as they are, read anew for each request, so that an edit is there with the next reload. */

const TYPES = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml" } as const;

/** The files there are, and nothing beside them. */
const FILES: ReadonlyMap<string, keyof typeof TYPES> = new Map([
  ["index.html", "html"],
  ["style.css", "css"],
  ["app.js", "js"],
  ["api.js", "js"],
  ["dom.js", "js"],
  ["sse.js", "js"],
  ["messages.js", "js"],
  ["chain.js", "js"],
  ["icon.svg", "svg"],
]);

/** A file of the page: `/` is index.html. */
export async function pageFile(pathname: string): Promise<Response> {
  const name = pathname === "/" ? "index.html" : pathname.slice(1);
  const type = FILES.get(name);
  if (type === undefined) return new Response("not found\n", { status: 404 });
  return new Response(await Deno.readFile(new URL(`./page/${name}`, import.meta.url)), {
    headers: {
      "content-type": `${TYPES[type]}; charset=utf-8`,
      "cache-control": "no-cache",
      "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}
