namespace Crescent.Text.Tokenizers;

/// <summary>Which special tokens spelled out in a text become those tokens.</summary>
public enum TextTrust
{
    /// <summary>
    /// For text of users, tools and documents inside a prompt: no control token, and no user-defined token that looks like a
    /// marker (<c>&lt;…&gt;</c> or <c>[…]</c>, such as Grok's <c>&lt;|separator|&gt;</c>). Other user-defined tokens (digits, newlines) match.
    /// </summary>
    Untrusted,

    /// <summary>All user-defined tokens match, as the reference tokenizers do for any text; control tokens do not.</summary>
    Plain,

    /// <summary>Control tokens match too.</summary>
    Trusted,
}
