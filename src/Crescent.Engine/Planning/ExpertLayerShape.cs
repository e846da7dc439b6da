namespace Crescent.Engine.Planning;

/// <summary>The routed experts of a layer.</summary>
/// <param name="Layer">The N of <c>blk.N</c>.</param>
/// <param name="ExpertBytes">Of one expert: gate, up and down.</param>
public readonly record struct ExpertLayerShape(int Layer, int Experts, long ExpertBytes);
