/** User and password as an Authorization header (RFC 7617), in UTF-8. */
export function basicOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The user and password of a URL as a Basic authorization. */
export function basicAuthorization(url: URL): string {
  return basicOf(unescaped(url.username), unescaped(url.password));
}
