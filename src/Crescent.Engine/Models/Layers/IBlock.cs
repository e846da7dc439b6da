namespace Crescent.Engine.Models.Layers;

/// <summary>One residual block of a layer, attention or feed-forward: <c>BlockOutput ← f(Normed)</c> for every token of the step.</summary>
public interface IBlock
{
    /// <param name="layer">Index of the layer, for its part of the cache.</param>
    void Forward(ForwardState state, int layer);
}
