using Crescent.Engine.Models.Layers;

namespace Crescent.Training.Layers;

/// <summary>Floats of a token in the buffers of latent attention.</summary>
internal readonly record struct AttentionWidths(MlaOptions Options)
{
    public int Heads => Options.Heads;

    /// <summary>Queries or keys of all heads.</summary>
    public int Keys => Options.Heads * Options.HeadWidth;

    /// <summary>Values of all heads.</summary>
    public int Values => Options.Heads * Options.ValueWidth;

    /// <summary>What a head's latent expands to: the key without position, and the value.</summary>
    public int ExpandedHead => Options.NopeWidth + Options.ValueWidth;

    public int Expanded => Options.Heads * ExpandedHead;
}
