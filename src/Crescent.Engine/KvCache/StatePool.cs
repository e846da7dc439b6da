using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache;

/// <summary>Memory for the states of sequences, made as it is needed and used again.</summary>
internal sealed class StatePool(long floats) : IDisposable
{
    private readonly long _floats = floats; // of a state
    private readonly List<AlignedBuffer<float>> _all = [];
    private readonly Stack<AlignedBuffer<float>> _free = new();

    /// <summary>Bytes of a state.</summary>
    public long StateBytes => _floats * sizeof(float);

    /// <summary>Bytes of all states made so far.</summary>
    public long AllocatedBytes => _all.Count * StateBytes;

    /// <summary>Whether the next state takes no new memory.</summary>
    public bool HasFree => _free.Count > 0;

    /// <summary>States that somebody holds.</summary>
    public int Held => _all.Count - _free.Count;

    /// <summary>A state with any content.</summary>
    public AlignedBuffer<float> Rent()
    {
        if (_free.TryPop(out var state))
        {
            return state;
        }

        state = new AlignedBuffer<float>(_floats);
        _all.Add(state);
        return state;
    }

    public void Return(AlignedBuffer<float> state) => _free.Push(state);

    public void Dispose()
    {
        foreach (var state in _all)
        {
            state.Dispose();
        }

        _all.Clear();
        _free.Clear();
    }
}
