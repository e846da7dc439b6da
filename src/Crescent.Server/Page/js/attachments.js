// Text files read into a message.

export const largestFile = 512 * 1024;
export const mostFiles = 10;

/** {name, text} of a file. Throws an error whose `key` and `values` name the words to show. */
export async function readTextFile(file) {
  if (file.size > largestFile) throw refused('fileTooLarge', file);
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    if (bytes.includes(0)) throw new TypeError('NUL');
    return { name: file.name.slice(0, 200), text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    throw refused('fileNotText', file);
  }
}

function refused(key, file) {
  return Object.assign(new Error(`${key}: ${file.name}`), { key, values: { name: file.name, limit: '512 KB' } });
}
