/** Makes a text field as high as its text; the style sheet bounds it. */
export function fitHeight(field) {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}
