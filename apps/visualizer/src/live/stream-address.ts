// Where the page is told what happens: beside itself, when it was opened under a secret path of this machine. The secret
// leaves the address bar at once, and is kept for as long as the tab lives, so that the page can be loaded anew.

const secretPath = /^\/[\w-]{43}\/$/;

/** Undefined for a page that nobody feeds. */
export function takeStreamAddress(): string | undefined {
  const { protocol, pathname, hash } = location;
  if (protocol !== 'http:' || !secretPath.test(pathname)) return undefined;
  sessionStorage.setItem('shoal', pathname); // read by the page with which the server refuses who has no secret
  history.replaceState(null, '', `/${hash}`);
  return `${pathname}happenings`;
}
