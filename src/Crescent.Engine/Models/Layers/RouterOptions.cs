namespace Crescent.Engine.Models.Layers;

/// <summary>How a router turns logits into weights.</summary>
public enum RouterScore
{
    Softmax,
    Sigmoid,

    /// <summary>Softmax over the chosen experts' logits alone (gpt-oss).</summary>
    SoftmaxOfChosen,
}

/// <summary>How a mixture-of-experts router chooses and weighs experts (DeepSeek-V3 report, section 2.1.2, and its relatives).</summary>
/// <param name="TopK">Experts a token.</param>
/// <param name="Normalise">Divide the chosen weights by their sum.</param>
/// <param name="Scale">Factor on the chosen weights.</param>
/// <param name="Groups">Groups of experts; 1 for none.</param>
/// <param name="GroupsUsed">Groups a token may choose from.</param>
/// <param name="SoftCap">Soft cap on logits (Grok-2); 0 for none.</param>
public sealed record RouterOptions(RouterScore Score, int TopK, bool Normalise, float Scale, int Groups = 1, int GroupsUsed = 1, float SoftCap = 0);
