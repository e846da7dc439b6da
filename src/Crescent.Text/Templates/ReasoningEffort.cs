namespace Crescent.Text.Templates;

/// <summary>How long a model is to reason before it answers.</summary>
public enum ReasoningEffort
{
    Low,
    Medium,
    High,
}
