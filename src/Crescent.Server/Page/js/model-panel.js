// The model and its memory: what is resident, what streams from the drive, how often experts were found in memory, how fast it goes.
import { h, replace } from './dom.js';
import { bytes, number, t } from './i18n.js';
import { choice, group } from './controls.js';
import { moon } from './moon.js';

const everyMs = 2000;

export class ModelPanel {
  constructor(chat, settings, server) {
    Object.assign(this, { chat, settings, server });
    this.element = h('div');
  }

  shown() {
    this.isShown = true;
    this.draw();
    this.measure();
  }

  hidden() {
    this.isShown = false;
    clearTimeout(this.timer);
  }

  async measure() {
    clearTimeout(this.timer);
    await this.server.measure();
    if (!this.isShown) return;
    if (!this.element.contains(document.activeElement)) this.draw();
    this.timer = setTimeout(() => this.measure(), everyMs);
  }

  draw() {
    if (this.server.state !== 'known') {
      replace(
        this.element,
        h('p.hint', {}, t(this.server.state === 'asking' ? 'modelLoading' : this.server.failure?.kind === 'key' ? 'error_key' : 'modelOffline'))
      );
      return;
    }
    replace(this.element, this.model(), this.context(), this.memory(), this.speed(), h('p.hint', {}, t('refreshed')));
  }

  model() {
    const { models, model, properties } = this.server;
    if (!model) return group(t('model'), t('modelUnknown'));
    const meta = model.meta ?? {};
    const facts = [
      [t('parameters'), meta.n_params && (meta.n_params < 1e8 ? number(meta.n_params) : `${number(meta.n_params / 1e9, 1)}\u00a0${t('billion')}`)],
      [t('size'), meta.size && bytes(meta.size)],
      [t('trained'), meta.n_ctx_train && number(meta.n_ctx_train)],
      [t('build'), properties?.build_info],
    ];
    return group(
      t('model'),
      null,
      models.length > 1
        ? choice(
            t('modelChoose'),
            models.map(({ id, status }) => [id, status?.value && status.value !== 'unloaded' ? `${id} · ${t(status.value)}` : id]),
            model.id,
            id => {
              this.settings.set('model', id);
              this.server.refresh();
            }
          )
        : h('p.model-id', {}, model.id),
      list(facts)
    );
  }

  context() {
    const used = this.chat.contextUsed,
      size = this.server.contextSize;
    return size ? group(t('context'), null, gauge(used / size, t('contextOf', { used: number(used), size: number(size) }))) : null;
  }

  memory() {
    const { status } = this.server;
    if (!status) return group(t('memory'), t('memoryUnknown'));
    if (status.state) return group(t('memory'), t(status.state === 'loading' ? 'memoryLoading' : 'memoryUnloaded'));
    const { resident_bytes: resident, limit_bytes: limit, streamed, hit_rate: hits, drive_gb_per_second: drive, slots } = status;
    const streamedBytes = typeof streamed === 'number' ? streamed : streamed?.bytes;
    const busy = Array.isArray(slots) ? slots.filter(slot => slot.is_processing).length : slots?.busy;
    const total = Array.isArray(slots) ? slots.length : slots?.total;
    const whole = Number.isFinite(resident) && streamedBytes > 0 ? resident / (resident + streamedBytes) : 1;
    return group(
      t('memory'),
      null,
      Number.isFinite(resident)
        ? h(
            'div.memory',
            {},
            moon(whole, 'memory-moon'),
            h(
              'div',
              {},
              h('strong', {}, bytes(resident)),
              h('span', {}, ` ${t('resident').toLowerCase()}`),
              h('p.hint', {}, streamedBytes > 0 ? `+ ${bytes(streamedBytes)} · ${t('streamed').toLowerCase()}` : t('streamedNone'))
            )
          )
        : null,
      Number.isFinite(limit) && limit > 0 ? gauge(resident / limit, t('residentOf', { bytes: bytes(resident), limit: bytes(limit) })) : null,
      Number.isFinite(hits) ? h('div', {}, h('p.gauge-title', {}, t('hitRate')), gauge(hits, `${number(hits * 100, 1)}\u00a0%`)) : null,
      list([
        [t('drive'), Number.isFinite(drive) && t('perSecond', { rate: bytes(drive * 1e9) })],
        [t('expires'), status.expires && new Date(status.expires).toLocaleTimeString()],
        [t('slots'), Number.isFinite(total) && t('slotsBusy', { busy: number(busy ?? 0), total: number(total) })],
      ])
    );
  }

  speed() {
    const metrics = this.server.metrics ?? {};
    const value = name => metrics[`crescent:${name}`] ?? metrics[`llamacpp:${name}`];
    const rows = [
      [t('speedRead'), value('prompt_tokens_seconds') > 0 && t('tokensPerSecond', { rate: number(value('prompt_tokens_seconds'), 1) })],
      [t('speedWrite'), value('predicted_tokens_seconds') > 0 && t('tokensPerSecond', { rate: number(value('predicted_tokens_seconds'), 1) })],
      [t('speedTotal'), value('tokens_predicted_total') >= 0 && `${number(value('prompt_tokens_total') ?? 0)} + ${number(value('tokens_predicted_total'))}`],
    ];
    return rows.some(([, text]) => text) ? group(t('speed'), null, list(rows)) : null;
  }
}

const list = rows =>
  h(
    'dl.facts',
    {},
    rows.filter(([, text]) => text).map(([name, text]) => h('div', {}, h('dt', {}, name), h('dd', {}, text)))
  );

function gauge(share, text) {
  return h(
    'div.gauge',
    {},
    h('progress', { max: '1', value: Math.min(1, Math.max(0, share)), 'aria-label': text, class: share > 0.9 ? 'nearly-full' : null }),
    h('span', {}, text)
  );
}
