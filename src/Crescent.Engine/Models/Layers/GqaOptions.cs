namespace Crescent.Engine.Models.Layers;

/// <summary>Shape and constants of grouped-query attention.</summary>
/// <param name="KeyWidth">Values of a query or key head.</param>
/// <param name="ValueWidth">Values of a value head.</param>
/// <param name="Scale">Factor on q·k.</param>
/// <param name="SoftCap">Soft cap on scores; 0 for none.</param>
public sealed record GqaOptions(int Heads, int KvHeads, int KeyWidth, int ValueWidth, float Scale, float SoftCap = 0);
