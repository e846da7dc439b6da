namespace Crescent.Text.Templates;

/// <summary>The forms of DeepSeek's template.</summary>
public enum DeepSeekVersion
{
    /// <summary>V3 and V3-0324: no reasoning.</summary>
    V3,

    /// <summary>R1: every answer begins with reasoning.</summary>
    R1,

    /// <summary>V3.1: reasoning where asked for; shorter calls.</summary>
    V31,
}
