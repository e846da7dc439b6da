namespace Crescent.Engine.Models;

/// <summary>What every architecture has.</summary>
/// <param name="Architecture">Name as the checkpoint gives it.</param>
/// <param name="ContextLength">Positions the model was made for.</param>
/// <param name="EmbeddingScale">Factor on embeddings (Grok).</param>
/// <param name="LogitScale">Factor on logits (Grok).</param>
/// <param name="LogitSoftCap">Soft cap on logits; 0 for none.</param>
public sealed record ModelShape(
    string Architecture,
    int Layers,
    int Hidden,
    int Vocab,
    int ContextLength,
    float EmbeddingScale = 1,
    float LogitScale = 1,
    float LogitSoftCap = 0);
