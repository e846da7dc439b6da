using Crescent.Engine.Checkpoints.GrokPickle;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>One file of Grok-1's release.</summary>
/// <param name="Scales">Of 8-bit weights, or null for plain float32.</param>
internal sealed record GrokPickle(GrokPickleArray Weight, GrokPickleArray? Scales)
{
    /// <summary>Bytes of the file.</summary>
    public long Bytes { get; } = (Scales is null ? GrokPickleWriter.Layout(Weight) : GrokPickleWriter.LayoutQuantized(Weight, Scales)).TotalBytes;

    public void Write(string path, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (Scales is null)
        {
            GrokPickleWriter.Write(path, Weight, progress, cancellationToken);
        }
        else
        {
            GrokPickleWriter.WriteQuantized(path, Weight, Scales, progress, cancellationToken);
        }
    }
}
