using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Keypace.Server.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Pacing : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<Guid>(
                name: "ChosenRateGroupId",
                table: "api_keys",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "GuardMs",
                table: "api_keys",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "LimitFrozen",
                table: "api_keys",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "Limits",
                table: "api_keys",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Pacing",
                table: "api_keys",
                type: "TEXT",
                nullable: false,
                defaultValue: "auto");

            migrationBuilder.AddColumn<string>(
                name: "Priority",
                table: "access_tokens",
                type: "TEXT",
                nullable: false,
                defaultValue: "interactive");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "ChosenRateGroupId",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "GuardMs",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "LimitFrozen",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "Limits",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "Pacing",
                table: "api_keys");

            migrationBuilder.DropColumn(
                name: "Priority",
                table: "access_tokens");
        }
    }
}
