// Drives the page in a real Chromium against the mock server: npm ci, then node drive.mjs [folder for screenshots]
import { end } from './browser.mjs';

await import('./steps-conversation.mjs');
await import('./steps-page.mjs');
await end();
