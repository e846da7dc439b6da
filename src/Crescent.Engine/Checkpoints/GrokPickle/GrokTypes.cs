namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>Sizes of the element types.</summary>
public static class GrokTypes
{
    extension(GrokType type)
    {
        /// <summary>Bytes of one value.</summary>
        /// <exception cref="ArgumentOutOfRangeException">No such type.</exception>
        public int Bytes() => type switch
        {
            GrokType.F32 => 4,
            GrokType.BF16 => 2,
            GrokType.I8 => 1,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "expected F32, I8 or BF16"),
        };
    }
}
