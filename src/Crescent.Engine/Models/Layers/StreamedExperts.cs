using Crescent.Engine.Experts;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Models.Layers;

/// <summary>
/// Experts that are read from the drive when they are missing: those in memory run at once, together with the shared unit, the others as they arrive. Outputs
/// are added up afterwards in the order of the choice, so the bits are those of <see cref="ResidentExperts"/>.
/// </summary>
internal sealed class StreamedExperts : IExpertPlace
{
    private readonly ExpertStore _store;
    private readonly ExpertLayer _layer;
    private readonly float[] _shares; // [experts], of the gates of the step
    private readonly int[] _missing; // [experts], those to be read, in order
    private bool _takesCopies; // in the step
    private readonly List<ExpertSlot> _waiting = []; // pinned, being read or ready
    private readonly List<ExpertSlot> _running = []; // pinned, of the current wave

    /// <param name="copies">Copies of low precision; null for none.</param>
    public StreamedExperts(ExpertStore store, ExpertWeights weights, ExpertWeights? copies = null)
    {
        _store = store;
        _layer = store.AddLayer((weights.Gate, weights.Up, weights.Down), copies is null ? null : (copies.Gate, copies.Up, copies.Down));
        _shares = new float[weights.Count];
        _missing = new int[weights.Count];
    }

    /// <summary>Guesses what the next layer will need; null for the last one.</summary>
    public RouterAhead? Ahead { get; set; }

    public void Run(ForwardState state, ExpertUnits units)
    {
        var wave = units.Scratch.Wave;
        wave.Clear();
        _waiting.Clear();
        _running.Clear();
        _layer.UnpinAll(); // whatever a failed step left pinned
        units.Scratch.AddGateShares(_shares, state.Batch.Count);
        _store.TakeCompleted();
        CancelWrongGuesses(units.Scratch);
        ChooseForm(state, units.Scratch);
        var missing = Classify(units.Scratch, wave);
        var started = StartReads(0, missing);
        units.Run(state, wave, withShared: true);
        Release();
        if (Ahead is not null && _store.MayReadAhead && state.Playback is null && state.Batch.Count <= RouterAhead.MostRows)
        {
            Ahead.ReadAhead(state);
            state.Profile?.Lap(StepPart.Router);
        }

        while (_waiting.Count > 0 || started < missing)
        {
            started = StartReads(started, missing);
            WaitForSome(state.Cancellation);
            FillWave(wave);
            state.Profile?.Lap(StepPart.Waiting);
            if (wave.Count == 0)
            {
                continue;
            }

            units.Run(state, wave, withShared: false);
            Release();
        }
    }

    public bool FindResident(Span<bool> resident)
    {
        _store.TakeCompleted();
        var missing = false;
        for (var e = 0; e < resident.Length; e++)
        {
            resident[e] = _layer.Find(e) is not null;
            missing |= !resident[e];
        }

        return missing;
    }

    /// <summary>Starts to read those of some experts that are missing; the others stay until the layer has run.</summary>
    /// <param name="experts">Negative numbers stand for none.</param>
    public void ReadAhead(ReadOnlySpan<int> experts)
    {
        _layer.UnpinAll();
        foreach (var expert in experts)
        {
            if (expert >= 0 && _layer.Find(expert) is { } slot)
            {
                _layer.Pin(slot, true);
            }
        }

        foreach (var expert in experts)
        {
            if (expert >= 0 && _layer.Find(expert) is null && _store.TryReadAhead(_layer, expert) is null)
            {
                return;
            }
        }
    }

    // Generated tokens make do with copies; a step with a prompt's tokens reads the experts themselves, in the place of copies too.
    private void ChooseForm(ForwardState state, MoeScratch scratch)
    {
        _takesCopies = _layer.HasCopies && state.Lossy is { CopiesPath: not null } && !state.Batch.HasPrompt;
        for (var e = 0; e < _layer.Experts && _layer.HasCopies && !_takesCopies; e++)
        {
            if (scratch.TokensOf(e) > 0 && _layer.Find(e) is { IsCopy: true } slot)
            {
                while (slot.IsReading) // left by a step that failed
                {
                    _store.WaitForOne(_layer, state.Cancellation);
                }

                _layer.Forget(slot);
            }
        }
    }

    // Guesses that nobody needs and that have not begun to be read are taken back.
    private void CancelWrongGuesses(MoeScratch scratch)
    {
        for (var e = 0; e < _layer.Experts; e++)
        {
            if (scratch.TokensOf(e) == 0 && _layer.Find(e) is { IsAhead: true, IsReading: true } slot)
            {
                _store.TryCancel(slot);
            }
        }
    }

    // Experts that are there go into the first wave, those on their way to the waiting. Returns the number of the others.
    private int Classify(MoeScratch scratch, ExpertWave wave)
    {
        var missing = 0;
        for (var e = 0; e < _layer.Experts; e++)
        {
            if (scratch.TokensOf(e) == 0)
            {
                continue;
            }

            if (_layer.Find(e) is not { } slot)
            {
                _missing[missing++] = e;
                continue;
            }

            _layer.Pin(slot, true);
            _store.Use(slot, _shares[e], hit: true);
            if (slot.IsReady)
            {
                Add(wave, slot);
            }
            else
            {
                _waiting.Add(slot);
            }
        }

        return missing;
    }

    private int StartReads(int started, int missing)
    {
        while (started < missing && _store.TryRead(_layer, _missing[started], ReadPriority.Demand, asCopy: _takesCopies) is { } slot)
        {
            _layer.Pin(slot, true);
            _store.Use(slot, _shares[slot.Expert], hit: false);
            _waiting.Add(slot);
            started++;
        }

        return started;
    }

    // Until one of the waiting is there, or a slot is free to be filled: reads ahead may have them all.
    private void WaitForSome(CancellationToken cancellation)
    {
        _store.TakeCompleted();
        do
        {
            foreach (var slot in _waiting)
            {
                if (slot.Error is { } error)
                {
                    throw error;
                }

                if (slot.IsReady)
                {
                    return;
                }
            }

            _store.WaitForOne(_layer, cancellation);
        }
        while (_waiting.Count > 0);
    }

    private void FillWave(ExpertWave wave)
    {
        wave.Clear();
        for (var i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i].IsReady)
            {
                Add(wave, _waiting[i]);
                _waiting.RemoveAt(i);
            }
        }
    }

    private void Add(ExpertWave wave, ExpertSlot slot)
    {
        wave.Add(slot.Expert, slot.Gate, slot.Up, slot.Down);
        _running.Add(slot);
    }

    private void Release()
    {
        foreach (var slot in _running)
        {
            _layer.Pin(slot, false);
        }

        _running.Clear();
    }
}
