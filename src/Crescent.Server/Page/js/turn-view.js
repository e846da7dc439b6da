// The model's turn: answers and tool calls up to the user's next word.
import { h, replace } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { moon } from './moon.js';
import { branchSwitch } from './branch-view.js';
import { failureView } from './failure-view.js';
import { LiveLine, statsLine } from './stats-view.js';
import { copyButton, Prose } from './prose.js';
import { ThinkingView } from './thinking-view.js';
import { watchTokens } from './token-hover.js';
import { tokenView } from './token-view.js';
import { ToolCallView } from './tool-view.js';

/** An answer that neither ended nor failed: the page was closed while it came. */
const interrupted = { kind: 'lost', message: '' };

/** @param actions {regenerate(), step(by), goOn(id), retry(id), openSettings(), answerTool(call, text)} */
export class TurnView {
  constructor(actions) {
    this.actions = actions;
    this.parts = new Map(); // answer's id → its views
    this.body = h('div.turn-body');
    this.footer = h('div.actions');
    this.live = new LiveLine();
    this.element = h(
      'article.turn',
      { 'aria-label': t('assistant') },
      h('div.turn-mark', {}, moon(0.19)),
      h('div.turn-content', {}, this.body, this.live.element, this.footer)
    );
  }

  /** Draws the messages of a turn; `run` is the run under way here, `siblings` the versions of its first message, `busy` while any answer comes. */
  update(messages, siblings, run, isLast, busy) {
    this.messages = messages;
    const answers = messages.filter(message => message.role === 'assistant');
    const results = new Map(messages.filter(message => message.role === 'tool').map(message => [message.toolCallId, message]));
    for (const answer of answers)
      this.part(answer).update(answer, results, run?.message === answer ? run : null, Boolean(run), isLast && answer === answers.at(-1));
    this.element.classList.toggle('running', Boolean(run));
    this.live.element.hidden = !run;
    if (run) this.live.update(run.answer);
    const drawn = JSON.stringify([Boolean(run), busy, siblings.map(sibling => sibling.id), messages.length, answers.at(-1)?.error?.kind, isLast]);
    if (drawn !== this.drawn) this.drawFooter(answers, siblings, run, isLast, busy);
    this.drawn = drawn;
  }

  part(answer) {
    if (!this.parts.has(answer.id)) {
      const part = new AnswerPart(this.actions);
      this.parts.set(answer.id, part);
      this.body.append(part.element);
    }
    return this.parts.get(answer.id);
  }

  drawFooter(answers, siblings, run, isLast, busy) {
    for (const part of this.parts.values()) part.forgetTokens();
    if (run) {
      replace(this.footer);
      return;
    }
    const recorded = answers.some(answer => answer.tokens?.length);
    const tokens = recorded
      ? h(
          'button.quiet',
          {
            type: 'button',
            'aria-pressed': 'false',
            'aria-label': t('showTokens'),
            title: t('showTokens'),
            onclick: event => this.toggleTokens(event.currentTarget),
          },
          icon('chart')
        )
      : null;
    replace(
      this.footer,
      branchSwitch(siblings, siblings.find(sibling => sibling.id === this.messages[0].id)?.id, this.actions.step, busy),
      copyButton(() =>
        answers
          .map(answer => answer.content)
          .filter(Boolean)
          .join('\n\n')
      ),
      h(
        'button.quiet',
        { type: 'button', 'aria-label': t('regenerate'), title: t('regenerate'), disabled: busy, onclick: this.actions.regenerate },
        icon('again')
      ),
      tokens,
      isLast && isCut(answers.at(-1))
        ? h('button.quiet.go-on', { type: 'button', disabled: busy, onclick: () => this.actions.goOn(answers.at(-1).id) }, icon('right'), t('goOn'))
        : null,
      statsLine(answers)
    );
  }

  toggleTokens(button) {
    const on = button.getAttribute('aria-pressed') === 'false';
    button.setAttribute('aria-pressed', String(on));
    button.title = t(on ? 'hideTokens' : 'showTokens');
    for (const part of this.parts.values()) part.showTokens(on);
  }
}

/** Whether an answer has a beginning but no end of its own. */
const isCut = ({ content, toolCalls, finish, error, stats }) =>
  content !== '' && !toolCalls?.length && (finish === 'length' || finish === 'stopped' || ['lost', 'broken'].includes(error?.kind) || !stats);

/** One answer of a turn: thinking, text, calls, failure. */
class AnswerPart {
  constructor(actions) {
    this.actions = actions;
    this.prose = new Prose();
    this.calls = h('div.tool-line', { role: 'group', 'aria-label': t('toolsUsed') });
    this.callViews = [];
    this.failure = h('div');
    this.tokens = h('div', { hidden: true });
    this.element = h('div.answer', {}, this.prose.element, this.tokens, this.calls, this.failure);
  }

  update(message, results, run, turnRuns, waits) {
    this.message = message;
    const writing = run !== null && run.answer !== null;
    const thinkingNow = writing && message.content === '' && !message.toolCalls?.length;
    if (message.reasoning !== undefined) this.drawThinking(message, thinkingNow);
    this.prose.update(message.content, writing);
    if (!writing && message.tokens?.length && !this.watched) {
      this.watched = true;
      watchTokens(this.prose, message, this.element);
    }
    (message.toolCalls ?? []).forEach((call, i) => {
      if (call) this.drawCall(call, i, results.get(call.id), writing && !message.finish, turnRuns, waits);
    });
    this.calls.hidden = this.callViews.length === 0;
    const error = message.error ?? (turnRuns || message.stats ? undefined : interrupted);
    if (this.error !== error) {
      this.error = error;
      replace(this.failure, error ? failureView(error, { retry: () => this.actions.retry(message.id), openSettings: this.actions.openSettings }) : null);
    }
  }

  drawThinking(message, now) {
    if (!this.thinking) {
      this.thinking = new ThinkingView();
      this.element.prepend(this.thinking.element);
    }
    this.thinking.update(message, now);
  }

  drawCall(call, i, result, writing, turnRuns, waits) {
    if (!this.callViews[i]) {
      this.callViews[i] = new ToolCallView(call, this.actions.answerTool);
      this.calls.append(this.callViews[i].element);
    }
    const state = result ? (result.failed ? 'failed' : 'done') : writing ? 'writing' : turnRuns || !waits ? 'running' : 'waiting';
    this.callViews[i].update(call, result, state);
  }

  /** Back to the text; tokens that come later are drawn anew. */
  forgetTokens() {
    this.showTokens(false);
    replace(this.tokens);
  }

  showTokens(on) {
    if (!this.message.tokens?.length) return;
    if (on && !this.tokens.hasChildNodes()) this.tokens.append(tokenView(this.message.tokens));
    this.tokens.hidden = !on;
    this.prose.element.hidden = on;
  }
}
