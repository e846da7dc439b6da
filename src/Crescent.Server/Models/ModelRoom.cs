namespace Crescent.Server.Models;

/// <summary>The memory that loaded models share. The registry's lock guards what it and the models hold.</summary>
internal sealed class ModelRoom(IReadOnlyList<KnownModel> models, Lock gate, ModelRegistryOptions options)
{
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a request ends or memory is given back. Read it under the lock.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Tells those who wait. Under the lock.</summary>
    public void Pulse()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Claims a model's memory. Others that must leave for it do so as their requests end, and take no new ones until then. One caller at a time.</summary>
    /// <returns>False where nobody wants the model any more.</returns>
    /// <exception cref="OperationCanceledException">There was no room in time.</exception>
    public async Task<bool> MakeAsync(KnownModel model, CancellationToken cancellation)
    {
        var need = Math.Min(model.Source!.Bytes, options.MostBytes);
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                Task changed;
                KnownModel[] idle;
                lock (gate)
                {
                    if (model.Uses == 0)
                    {
                        model.Loading = null;
                        return false;
                    }

                    var leaving = Choose(models.Sum(other => other.HeldBytes) + need - options.MostBytes);
                    if (leaving.Count == 0)
                    {
                        model.HeldBytes = need;
                        return true;
                    }

                    leaving.ForEach(other => other.IsLeaving = true);
                    idle = [.. leaving.Where(other => other.Uses == 0 && other.Owner is not null)];
                    changed = _changed.Task;
                }

                await (idle.Length > 0 ? Task.WhenAll(idle.Select(other => GiveBackAsync(other, $"'{model.Name}' needs its memory"))) : changed.WaitAsync(cancellation));
            }
        }
        finally
        {
            StopLeaving();
        }
    }

    /// <summary>Unloads a model that no request has.</summary>
    /// <returns>Ends when its memory is free.</returns>
    public Task GiveBackAsync(KnownModel model, string why)
    {
        lock (gate)
        {
            if (model.Uses > 0 || model.Owner is not { } owner)
            {
                return model.Unloading;
            }

            options.Log?.Invoke($"model '{model.Name}' is unloaded: {why}");
            model.Past += ModelTotals.Of(model.Served!.Engine.Status());
            (model.Served, model.Owner, model.IsLeaving) = (null, null, true);
            return model.Unloading = Task.Run(() => GiveBack(model, owner));
        }
    }

    private void GiveBack(KnownModel model, IDisposable owner)
    {
        try
        {
            owner.Dispose();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        finally
        {
            lock (gate)
            {
                model.HeldBytes = 0;
                model.IsLeaving = false;
                Pulse();
            }
        }
    }

    // Idle ones first, then by age, until so many bytes are free.
    private List<KnownModel> Choose(long bytes)
    {
        var chosen = new List<KnownModel>();
        foreach (var model in models.Where(model => model.HeldBytes > 0).OrderBy(model => model.Uses > 0).ThenBy(model => model.LastUse))
        {
            if (bytes <= 0)
            {
                break;
            }

            chosen.Add(model);
            bytes -= model.HeldBytes;
        }

        return chosen;
    }

    // Those that were chosen and are there still.
    private void StopLeaving()
    {
        lock (gate)
        {
            foreach (var model in models.Where(model => model.Served is not null))
            {
                model.IsLeaving = false;
            }

            Pulse();
        }
    }
}
