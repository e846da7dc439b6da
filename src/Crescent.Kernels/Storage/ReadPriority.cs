namespace Crescent.Kernels.Storage;

/// <summary>Who is served first.</summary>
public enum ReadPriority
{
    /// <summary>Somebody waits for these bytes.</summary>
    Demand,

    /// <summary>These may be wanted later: read while no demand is queued.</summary>
    Ahead,
}
