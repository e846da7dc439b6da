using Crescent.Engine.Chat;
using Crescent.Server.Http;

namespace Crescent.Server.Models;

/// <summary>
/// The models that a server has. Those with a source are loaded when they are first asked for, one at a time, and unloaded some time after their last request, or
/// when another needs their memory: the least recently used first, and never while requests have them.
/// </summary>
public sealed class ModelRegistry : IAsyncDisposable
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(30);

    private readonly ModelRegistryOptions _options;
    private readonly KnownModel[] _models;
    private readonly SemaphoreSlim _turn = new(1); // to load, in the order of their coming
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new(); // guards what follows and what changes of the models
    private readonly ModelRoom _room;
    private bool _isStopping;

    /// <summary>Models that are always there. The registry owns none of them.</summary>
    public ModelRegistry(IReadOnlyList<ServedModel> models)
    {
        _options = new ModelRegistryOptions();
        _models = [.. models.Select(model => new KnownModel(_gate, model, source: null) { Served = model, Engine = EngineFacts.Of(model.Engine), KeepAlive = Timeout.InfiniteTimeSpan })];
        _room = new ModelRoom(_models, _gate, _options);
    }

    /// <summary>Models that are loaded when they are asked for. The registry owns what is loaded.</summary>
    public ModelRegistry(IReadOnlyList<ModelSource> sources, ModelRegistryOptions options)
    {
        _options = options;
        _models = [.. sources.Select(source => new KnownModel(_gate, source.Facts, source))];
        _room = new ModelRoom(_models, _gate, _options);
    }

    public IReadOnlyList<KnownModel> Models => _models;

    /// <summary>The only model, whatever it is called; of several the one of that name, the first where none is given.</summary>
    /// <exception cref="ApiException">There is none of that name.</exception>
    public KnownModel Find(string? name) => _models.Length == 1 || string.IsNullOrEmpty(name) ? _models[0] : FindExactly(name);

    /// <summary>The model of exactly that name.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public KnownModel FindExactly(string name) => Array.Find(_models, model => model.Name == name) ?? throw ApiException.ModelNotFound(name);

    /// <inheritdoc cref="UseAsync(KnownModel, CancellationToken, TimeSpan?)"/>
    /// <param name="name">What a request names, see <see cref="Find"/>.</param>
    public Task<ModelUse> UseAsync(string? name, CancellationToken cancellation) => UseAsync(Find(name), cancellation);

    /// <summary>Takes a model for a request, loading it first where that is needed.</summary>
    /// <param name="keepAlive">How long it stays after this and later requests; null leaves it.</param>
    /// <exception cref="ApiException">It cannot be loaded.</exception>
    /// <exception cref="ChatException">There was no room for it in time, too many wait, or the server is stopping.</exception>
    public async Task<ModelUse> UseAsync(KnownModel model, CancellationToken cancellation, TimeSpan? keepAlive = null)
    {
        var loading = await ClaimAsync(model, cancellation);
        try
        {
            await loading.WaitAsync(cancellation);
            lock (_gate)
            {
                ThrowIfStopping();
                model.KeepAlive = keepAlive is { } asked && model.Source is not null ? asked : model.KeepAlive;
                Touch(model);
                return new ModelUse(model.Served!, () => Release(model));
            }
        }
        catch
        {
            Release(model);
            throw;
        }
    }

    /// <summary>Takes a model to look at it, where it is loaded: that neither loads it nor keeps it longer.</summary>
    public ModelUse? TryUse(KnownModel model)
    {
        lock (_gate)
        {
            if (model.Served is not { } served)
            {
                return null;
            }

            model.Uses++;
            return new ModelUse(served, () => Release(model, isRequest: false));
        }
    }

    /// <summary>Unloads a model now, or once its last request ends.</summary>
    public async Task UnloadAsync(KnownModel model)
    {
        lock (_gate)
        {
            if (model.Uses > 0 && model.Source is not null)
            {
                model.KeepAlive = TimeSpan.Zero;
                return;
            }
        }

        await _room.GiveBackAsync(model, "as asked");
    }

    /// <summary>Refuses new requests, lets running answers end, and cancels what runs after the limit.</summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        ChatEngine[] engines;
        lock (_gate)
        {
            _isStopping = true;
            engines = [.. _models.Select(model => model.Served?.Engine).OfType<ChatEngine>()];
        }

        await _stop.CancelAsync();
        await Task.WhenAll(engines.Select(engine => engine.DrainAsync(limit)));
    }

    public async ValueTask DisposeAsync()
    {
        Task[] changing;
        lock (_gate)
        {
            _isStopping = true;
            changing = [.. _models.Select(model => model.Loading ?? model.Unloading)];
        }

        await _stop.CancelAsync();
        await Task.WhenAll(changing).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        foreach (var model in _models)
        {
            model.Timer?.Dispose();
            model.Owner?.Dispose();
        }

        _turn.Dispose();
        _stop.Dispose();
    }

    // Counts the request among the model's; the task that comes back ends when the model is loaded.
    private async Task<Task> ClaimAsync(KnownModel model, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                ThrowIfStopping();
                if (!model.IsLeaving)
                {
                    return Claim(model);
                }

                changed = _room.Changed;
            }

            await changed.WaitAsync(cancellation);
        }
    }

    private Task Claim(KnownModel model)
    {
        if (model.Served is null && model.Uses >= _options.MostWaiting)
        {
            throw new ChatException(ChatFailure.QueueFull, $"{model.Uses} requests are waiting for the model '{model.Name}' to be loaded, as many as may: try again later", s_retryAfter);
        }

        model.Uses++;
        Touch(model);
        return model.Served is not null ? Task.CompletedTask : model.Loading ??= Task.Run(() => LoadAsync(model));
    }

    private void Touch(KnownModel model)
    {
        model.LastUse = _options.Time.GetTimestamp();
        model.Due = model.KeepAlive == Timeout.InfiniteTimeSpan ? null : _options.Time.GetUtcNow() + model.KeepAlive;
    }

    private void Release(KnownModel model, bool isRequest = true)
    {
        lock (_gate)
        {
            model.Uses--;
            if (isRequest)
            {
                Touch(model);
            }

            _room.Pulse();
        }

        Settle(model);
    }

    // A model that nobody has leaves in time.
    private void Settle(KnownModel model)
    {
        lock (_gate)
        {
            if (model.Uses > 0 || model.Served is null || _isStopping || model.Due is not { } due)
            {
                return;
            }

            var wait = due - _options.Time.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                model.Timer ??= _options.Time.CreateTimer(_ => Expire(model), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                model.Timer.Change(wait, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        Expire(model);
    }

    private void Expire(KnownModel model)
    {
        lock (_gate)
        {
            if (_isStopping || model.Uses > 0 || !(model.Due <= _options.Time.GetUtcNow()))
            {
                return;
            }
        }

        _ = _room.GiveBackAsync(model, "nobody asked for it any more");
    }

    private async Task LoadAsync(KnownModel model)
    {
        using var limit = new CancellationTokenSource(_options.MostWait, _options.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        try
        {
            await _turn.WaitAsync(end.Token);
            try
            {
                if (await _room.MakeAsync(model, end.Token))
                {
                    Keep(model, model.Source!.Load());
                    Settle(model); // they may all have gone meanwhile
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (Exception exception)
        {
            throw Failed(model, exception);
        }
    }

    private void Keep(KnownModel model, LoadedModel loaded)
    {
        lock (_gate)
        {
            if (!_isStopping)
            {
                (model.Served, model.Owner, model.Loading, model.HasFailed) = (loaded.Model, loaded.Owner, null, false);
                model.KeepAlive = _options.KeepAlive;
                Touch(model);
                model.Engine = EngineFacts.Of(loaded.Model.Engine);
                model.Loads++;
                _options.Log?.Invoke($"model '{model.Name}' is loaded");
                return;
            }
        }

        loaded.Owner.Dispose();
    }

    // The next request tries again.
    private Exception Failed(KnownModel model, Exception exception)
    {
        lock (_gate)
        {
            (model.Loading, model.HeldBytes, model.HasFailed) = (null, 0, exception is not OperationCanceledException);
            if (_isStopping)
            {
                return Stopping();
            }
        }

        _options.Log?.Invoke($"model '{model.Name}' is not loaded: {exception.Message}");
        return exception is OperationCanceledException
            ? new ChatException(ChatFailure.QueueTimeout, $"other models are busy, and there was no memory for '{model.Name}' beside them within {_options.MostWait.TotalSeconds:0} s", s_retryAfter, exception)
            : ModelLoadError.Of(model.Name, exception);
    }

    private void ThrowIfStopping()
    {
        if (_isStopping)
        {
            throw Stopping();
        }
    }

    private static ChatException Stopping() => new(ChatFailure.Stopping, "the server is shutting down");
}
