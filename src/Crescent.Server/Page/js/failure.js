// What went wrong, as a kind that the page can explain, with the server's own words.

/**
 * Kinds: offline (no answer), lost (cut while answering), busy (429), loading (503), context (too long), key (401, 403), missing (404), large (413),
 * refused (other 4xx), broken (5xx, or an error in the stream), setup (a setting of the page is not valid), unknown (the page's own).
 */
export class Failure extends Error {
  constructor(kind, message = '', retryAfterSeconds = null) {
    super(message);
    this.kind = kind;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const kinds = { 401: 'key', 403: 'key', 404: 'missing', 413: 'large', 429: 'busy', 503: 'loading' };

/** The failure of a reply that is not 2xx. */
export async function failureOf(response) {
  const text = await response.text().catch(() => '');
  let error = {};
  try {
    error = JSON.parse(text).error ?? {};
  } catch {
    /* not JSON: the text itself says it */
  }
  const seconds = Number.parseFloat(response.headers.get('Retry-After') ?? '');
  return failureFrom(
    typeof error === 'object' ? error : { message: String(error) },
    response.status,
    Number.isFinite(seconds) ? Math.min(600, Math.max(1, seconds)) : null,
    text
  );
}

/** The failure that an error object of the API stands for. */
export function failureFrom(error, status = 500, retryAfterSeconds = null, text = '') {
  const message = typeof error.message === 'string' && error.message ? error.message : text.slice(0, 300);
  const code = String(error.code ?? error.type ?? '');
  if (/context_length|exceed_context/.test(`${code} ${error.type}`) || (status === 400 && /context (size|length|window)/i.test(message)))
    return new Failure('context', message);
  return new Failure(kinds[status] ?? (code === 'rate_limit_exceeded' ? 'busy' : status < 500 ? 'refused' : 'broken'), message, retryAfterSeconds);
}
