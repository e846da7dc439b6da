namespace Crescent.Engine.Chat;

/// <summary>Embeddings as callers want them.</summary>
public static class EmbeddingVector
{
    /// <summary>The first numbers of an embedding, scaled to length one again.</summary>
    public static float[] Shorten(IReadOnlyList<float> embedding, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(embedding);
        var values = embedding.Take(dimensions).ToArray();
        var length = Math.Sqrt(values.Sum(value => (double)value * value));
        return dimensions >= embedding.Count || length == 0 ? values : Array.ConvertAll(values, value => (float)(value / length));
    }
}
