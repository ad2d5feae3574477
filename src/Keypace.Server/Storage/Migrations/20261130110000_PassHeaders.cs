using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Keypace.Server.Storage.Migrations
{
    /// <inheritdoc />
    public partial class PassHeaders : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "PassHeaders",
                table: "api_keys",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "PassHeaders",
                table: "api_keys");
        }
    }
}
