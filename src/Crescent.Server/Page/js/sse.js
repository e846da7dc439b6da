// Server-sent events as bytes come: comments (pings) pass unseen, frames may be cut anywhere, several blank lines are one end.

/** The data of each event of a stream of bytes. */
export async function* events(stream) {
  const decoder = new TextDecoder();
  const parser = new EventParser();
  const reader = stream.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      yield* parser.push(done ? decoder.decode() + '\n\n' : decoder.decode(value, { stream: true }));
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

export class EventParser {
  constructor() {
    this.rest = '';
    this.data = [];
  }

  /** Data of the events that a piece of text completes. */
  push(text) {
    const found = [];
    this.rest += text;
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (this.data.length) found.push(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) this.data.push(line.slice(line[5] === ' ' ? 6 : 5));
    }
    return found;
  }
}
