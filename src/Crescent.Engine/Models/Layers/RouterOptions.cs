namespace Crescent.Engine.Models.Layers;

/// <summary>How a router turns logits into weights.</summary>
public enum RouterScore
{
    Softmax,
    Sigmoid,
}

/// <summary>How a mixture-of-experts router chooses and weighs experts (DeepSeek-V3 report, section 2.1.2, and its relatives).</summary>
/// <param name="TopK">Experts a token.</param>
/// <param name="Normalise">Divide the chosen weights by their sum.</param>
/// <param name="Scale">Factor on the chosen weights.</param>
/// <param name="Groups">Groups of experts; 1 for none.</param>
/// <param name="GroupsUsed">Groups a token may choose from.</param>
public sealed record RouterOptions(RouterScore Score, int TopK, bool Normalise, float Scale, int Groups = 1, int GroupsUsed = 1);
