namespace Crescent.Server.Models;

/// <summary>A model that a server knows of, loaded or not. What changes is guarded by the registry's lock.</summary>
public sealed class KnownModel
{
    private readonly Lock _gate;
    private readonly ModelFacts _facts;

    internal KnownModel(Lock gate, ModelFacts facts, ModelSource? source) => (_gate, _facts, Source) = (gate, facts, source);

    public string Name => _facts.Name;

    public ModelFacts Facts
    {
        get
        {
            lock (_gate)
            {
                return Served ?? _facts;
            }
        }
    }

    public ModelState State
    {
        get
        {
            lock (_gate)
            {
                return Served is not null ? ModelState.Loaded : Loading is not null ? ModelState.Loading : ModelState.Unloaded;
            }
        }
    }

    /// <summary>Whether the last try to load it failed.</summary>
    public bool HasFailed { get; internal set; }

    /// <summary>When it is unloaded unless it is asked for before; null for never.</summary>
    public DateTimeOffset? Expires
    {
        get
        {
            lock (_gate)
            {
                return Served is not null ? Due : null;
            }
        }
    }

    /// <summary>Null before it is first loaded.</summary>
    public EngineFacts? Engine { get; internal set; }

    public string Architecture => Engine?.Architecture ?? _facts.Architecture;

    /// <summary>How often it was loaded.</summary>
    public int Loads { get; internal set; }

    /// <summary>Requests that wait until it is loaded.</summary>
    internal int Waiting
    {
        get
        {
            lock (_gate)
            {
                return Served is null ? Uses : 0;
            }
        }
    }

    /// <summary>Null for a model that is always there.</summary>
    internal ModelSource? Source { get; }

    internal ServedModel? Served { get; set; }

    /// <summary>Gives its memory back; null while it is not loaded, and for a model that is always there.</summary>
    internal IDisposable? Owner { get; set; }

    /// <summary>Memory it has or is giving back.</summary>
    internal long HeldBytes { get; set; }

    /// <summary>The load in progress.</summary>
    internal Task? Loading { get; set; }

    /// <summary>The last time it was unloaded, or is being.</summary>
    internal Task Unloading { get; set; } = Task.CompletedTask;

    /// <summary>Requests that have it or wait for its load: it is not unloaded before they end.</summary>
    internal int Uses { get; set; }

    /// <summary>It is unloaded once its requests end; new ones wait until then.</summary>
    internal bool IsLeaving { get; set; }

    /// <summary>Timestamp of its last request's coming or end.</summary>
    internal long LastUse { get; set; }

    /// <summary>Its stay after its last request; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</summary>
    internal TimeSpan KeepAlive { get; set; }

    /// <summary>End of its stay after its last request; null for never.</summary>
    internal DateTimeOffset? Due { get; set; }

    internal ITimer? Timer { get; set; }

    /// <summary>What its earlier engines did.</summary>
    internal ModelTotals Past { get; set; }

    /// <summary>What its engines did.</summary>
    internal ModelTotals Totals
    {
        get
        {
            lock (_gate)
            {
                return Served is { } served ? Past + ModelTotals.Of(served.Engine.Status()) : Past;
            }
        }
    }
}
