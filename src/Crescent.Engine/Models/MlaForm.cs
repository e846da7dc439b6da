namespace Crescent.Engine.Models;

/// <summary>The form in which multi-head latent attention is computed. Both are the same function of the weights.</summary>
public enum MlaForm
{
    /// <summary>Expanded for tokens of a prompt, absorbed for generated ones.</summary>
    Auto,

    /// <summary>Queries are mapped into the latent space: cheap for single tokens.</summary>
    Absorbed,

    /// <summary>Keys and values are expanded from the latents: cheap for long prompts. Generated tokens are absorbed all the same.</summary>
    Expanded,
}
