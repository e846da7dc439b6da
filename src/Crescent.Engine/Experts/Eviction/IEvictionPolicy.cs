namespace Crescent.Engine.Experts.Eviction;

/// <summary>
/// Decides which slot of a layer gives way to another expert. A struct that a store takes as a type parameter; its state lies in arrays that copies share. One thread
/// at a time. A use of an expert that is missing is <see cref="Victim"/>, <see cref="Filled"/>, <see cref="Touch"/>; of a resident one <see cref="Touch"/> alone;
/// reading ahead is <see cref="Victim"/> and <see cref="Filled"/>.
/// </summary>
public interface IEvictionPolicy<TSelf>
    where TSelf : struct, IEvictionPolicy<TSelf>
{
    /// <param name="slots">Slots of the layer, all empty.</param>
    /// <param name="experts">Experts of the layer.</param>
    static abstract TSelf Create(int slots, int experts);

    /// <summary>A step uses the expert in a slot.</summary>
    /// <param name="gateShare">The expert's weight over the sum of the token's weights, added up over the tokens of the step that chose it.</param>
    /// <param name="step">Never less than before.</param>
    void Touch(int slot, int expert, float gateShare, long step);

    /// <summary>A slot holds another expert from now on.</summary>
    void Filled(int slot, int expert, long step);

    /// <summary>The slot to give up, empty ones first; −1 where all are pinned. Nothing is given up before <see cref="Filled"/>.</summary>
    /// <param name="pinned">[slots], those that must stay.</param>
    int Victim(ReadOnlySpan<bool> pinned);
}
