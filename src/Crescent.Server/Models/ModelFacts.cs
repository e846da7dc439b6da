namespace Crescent.Server.Models;

/// <summary>What clients are told of a model, loaded or not.</summary>
public record ModelFacts
{
    public required string Name { get; init; }

    /// <summary>Its file or folder.</summary>
    public required string Path { get; init; }

    /// <summary>When the server came to know it.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The architecture as its file names it; empty where that is not known before it is loaded.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>Positions the model was made for.</summary>
    public int TrainedContext { get; init; }

    /// <summary>Bytes of its weights.</summary>
    public long Size { get; init; }

    /// <summary>Number of its weights; null where nobody counted them.</summary>
    public long? Parameters { get; init; }

    /// <summary>Changes with anything that changes answers to the same request and seed.</summary>
    public string Fingerprint { get; init; } = "fp_crescent";
}
