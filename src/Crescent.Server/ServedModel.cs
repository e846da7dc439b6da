using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Server;

/// <summary>A loaded model as clients know it.</summary>
public sealed record ServedModel
{
    public required string Name { get; init; }

    /// <summary>Its file or folder.</summary>
    public required string Path { get; init; }

    public required ChatEngine Engine { get; init; }

    /// <summary>Sampling of a request that says nothing else.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary>When it was loaded.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Positions the model was made for.</summary>
    public int TrainedContext { get; init; }

    /// <summary>Bytes of its weights.</summary>
    public long Size { get; init; }

    /// <summary>Number of its weights; null where nobody counted them.</summary>
    public long? Parameters { get; init; }

    /// <summary>Changes with anything that changes answers to the same request and seed.</summary>
    public string Fingerprint { get; init; } = "fp_crescent";

    /// <summary>The day that templates tell the model.</summary>
    public DateOnly? Today { get; init; }
}
