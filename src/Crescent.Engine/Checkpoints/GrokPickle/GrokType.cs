namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>The element types of the release's arrays, little-endian.</summary>
public enum GrokType
{
    F32,
    I8,
    BF16,
}
