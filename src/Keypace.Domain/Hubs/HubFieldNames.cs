namespace Keypace.Domain.Hubs;

/// <summary>Members of a hub file that name its fields: only those that are not secret may stand in addresses, paths and headers.</summary>
internal static class HubFieldNames
{
    /// <summary>The name of a field that is not secret; null where the member is absent.</summary>
    public static string? Public(HubFileReader file, string member, IReadOnlyList<HubField> fields)
    {
        var name = file.Text(member);
        if (name is not null && !fields.Any(field => field.Name == name && !field.Secret))
            file.Wrong(member, $"names \"{name}\", which is not among the \"fields\" that are not secret");
        return name;
    }

    /// <summary>Field names in braces must be those of fields that are not secret.</summary>
    public static void CheckPlaces(HubFileReader file, string member, string text, IReadOnlyList<HubField> fields, bool mayHaveModel = false)
    {
        if (FieldTemplate.Places(text) is not { } places)
        {
            file.Wrong(member, "has braces that do not match. Write field names in single braces");
            return;
        }

        foreach (var name in places.Where(name => !(mayHaveModel && name == FieldTemplate.Model) && !fields.Any(field => field.Name == name && !field.Secret)))
            file.Wrong(member, $"uses {{{name}}}, which is not among the \"fields\" that are not secret");
    }
}
