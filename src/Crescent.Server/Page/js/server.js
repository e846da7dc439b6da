// What the server says of itself: models, properties, memory, speed. Each source may be missing.

export class Server extends EventTarget {
  constructor(api, settings) {
    super();
    Object.assign(this, { api, settings, models: [], properties: null, status: null, metrics: null, state: 'asking', failure: null });
  }

  get model() {
    return this.models.find(model => model.id === this.settings.get('model')) ?? this.models[0] ?? null;
  }
  get modelName() {
    return this.model?.id?.split('/').at(-1) ?? '';
  }

  /** The model to ask about by name; none where there is only one. */
  get asked() {
    return this.models.length > 1 ? this.model.id : '';
  }

  /** Tokens of context a conversation may take; 0 where the server does not say. */
  get contextSize() {
    const found = [this.properties?.n_ctx, this.properties?.default_generation_settings?.n_ctx, this.model?.context_length, this.model?.meta?.n_ctx_train].find(
      value => Number.isFinite(value) && value > 0
    );
    return found ?? 0;
  }

  /** The sampler values that count while none is set. */
  get defaults() {
    const settings = this.properties?.default_generation_settings ?? {};
    return { ...settings, ...settings.params };
  }

  async refresh() {
    try {
      const models = await this.api.models();
      this.models = Array.isArray(models?.data) ? models.data.filter(model => typeof model?.id === 'string') : [];
      if (this.models.length && !this.models.some(model => model.id === this.settings.get('model'))) this.settings.set('model', '');
      this.properties = await this.api.properties(this.asked);
      this.state = 'known';
      this.failure = null;
    } catch (failure) {
      this.state = 'failed';
      this.failure = failure;
    }
    this.dispatchEvent(new Event('change'));
  }

  /** Memory and speed, asked while the panel is open. A status that is missing once is not asked again. */
  async measure() {
    try {
      if (this.status !== undefined) this.status = (await this.api.status(this.asked)) ?? undefined;
      this.metrics = await this.api.metrics();
      if (this.state !== 'known' || this.models.length > 1) await this.refresh(); // of several, some come and go
    } catch (failure) {
      this.state = 'failed';
      this.failure = failure;
    }
  }
}
