using System.Diagnostics;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>Keeps which experts were resident in a file, and reads those of the last run into free slots, behind all that is asked for.</summary>
/// <param name="path">The file; null for none.</param>
internal sealed class WarmStart(ExpertStore store, List<ExpertLayer> layers, Checkpoint checkpoint, string? path)
{
    private static readonly TimeSpan s_saveInterval = TimeSpan.FromMinutes(5);

    private ExpertWarmUp? _order;
    private long _saved = Stopwatch.GetTimestamp();
    private long _bytes; // being read
    private string? _key; // of the model; null before the first step

    /// <summary>Experts read so far.</summary>
    public long Reads { get; private set; }

    /// <summary>Between steps, once memory has been dealt out: reads the file the first time, and writes it now and then.</summary>
    public void BeginStep(long step)
    {
        if (path is null)
        {
            return;
        }

        if (_key is null)
        {
            _key = ExpertUsage.KeyOf(checkpoint);
            _order = ExpertUsage.TryRead(path, _key, [.. layers.Select(layer => layer.Experts)]) is { } order ? new ExpertWarmUp(order) : null;
        }

        Fill(step);
        if (Stopwatch.GetElapsedTime(_saved) > s_saveInterval)
        {
            Save(step);
        }
    }

    /// <summary>Starts reads into free slots, as many as may be under way.</summary>
    public void Fill(long step)
    {
        while (_order is not null && _bytes < ExpertWarmUp.WindowBytes)
        {
            if (!_order.TryPeek(out var number, out var expert))
            {
                _order = null;
                return;
            }

            var layer = layers[number];
            if (layer.Find(expert) is null && !layer.HasRoom && layer.WillHaveRoom)
            {
                return;
            }

            _order.Advance();
            if (layer.Find(expert) is null && layer.HasRoom && store.TryRead(layer, expert, ReadPriority.Ahead) is { } slot)
            {
                (slot.IsWarmUp, slot.IsAhead) = (true, false);
                _bytes += slot.Bytes;
                Reads++;
                layer.Touch(slot, 0, step);
            }
        }
    }

    /// <summary>A read into a slot has ended.</summary>
    public void End(ExpertSlot slot, long step)
    {
        if (slot.IsWarmUp)
        {
            slot.IsWarmUp = false;
            _bytes -= slot.Bytes;
        }

        Fill(step);
    }

    /// <summary>Writes which experts are resident.</summary>
    public void Save(long step)
    {
        _saved = Stopwatch.GetTimestamp();
        if (path is not null && _key is not null)
        {
            ExpertUsage.TrySave(path, _key, layers.Select(layer => layer.Resident(step)));
        }
    }
}
