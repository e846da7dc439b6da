using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Records;
using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>Picks the routed experts out of a model's tensors: layers whose gate, up and down are stacks of as many matrices.</summary>
internal sealed class ExpertPlanner(Checkpoint checkpoint, TensorPlanner planner, TensorChooser chooser)
{
    /// <summary>The layers, ascending.</summary>
    public IReadOnlyList<ExpertLayer> Plan(IReadOnlyList<TensorForm> forms)
    {
        var byName = forms.ToDictionary(form => form.Name);
        var layers = new List<ExpertLayer>();
        foreach (var layer in forms.Where(form => TensorPlaces.IsExperts(form.Name)).Select(form => TensorPlaces.LayerOf(form.Name)).Distinct().Order())
        {
            TensorForm[] stacks = [.. RecordLayer.Names(layer).Where(byName.ContainsKey).Select(name => byName[name])];
            if (stacks.Length == 3 && stacks.All(stack => stack.Shape.Count == 3 && stack.Shape[0] == stacks[0].Shape[0]))
            {
                layers.Add(new ExpertLayer(layer, [.. stacks.Select(Matrix)]));
            }
        }

        return layers;
    }

    // What no type is asked for stays as published, scales apart or not.
    private ExpertMatrix Matrix(TensorForm form) => chooser.Requested(form) switch
    {
        null => StoredExperts.Of(new SourceTensor(checkpoint, form.Source)),
        DType.INT4_G32 => form.Source.DType == DType.INT4_G32 ? StoredExperts.Of(new SourceTensor(checkpoint, form.Source)) : planner.PlanGroups(form),
        _ => new CodedExperts(planner.Plan(form)),
    };
}
